// What the machine has told the loader before it started: who signs, which board this is, where slot 0 lies.
import { KEY_SIZE } from "../../wire/limits";
import { BOARD_NAME_MAX } from "../../wire/image-numbers";
import { LOADER_SETTINGS_SIZE, LoaderSetting, SECTOR_SIZE } from "../../wire/loader";

const settings: usize = memory.data(LOADER_SETTINGS_SIZE);

export function settingsAt(): usize {
  return settings;
}

/** Ed25519, 32 octets. */
export function root(): usize {
  return settings + LoaderSetting.Root;
}
export const ROOT_SIZE: i32 = KEY_SIZE;

export function board(): usize {
  return settings + LoaderSetting.Board;
}

export function boardLength(): i32 {
  let length = 0;
  while (length < BOARD_NAME_MAX && load<u8>(board() + length) != 0) length++;
  return length;
}

export function loadAddress(): u32 {
  return load<u32>(settings + LoaderSetting.LoadAddress);
}

export function slotSectors(): i32 {
  return load<i32>(settings + LoaderSetting.Sectors);
}

export function slotSize(): u32 {
  return <u32>(slotSectors() * SECTOR_SIZE);
}
