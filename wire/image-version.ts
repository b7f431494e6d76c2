// Versions of images, as MCUboot has them (docs/design.md, "Image Format", struct image_version): 1.2.3+4.

import { ImageError } from "./image-errors.js";

export interface ImageVersion {
  /** u8 */
  readonly major: number;
  /** u8 */
  readonly minor: number;
  /** u16 */
  readonly revision: number;
  /** u32 */
  readonly build: number;
}

const FORM = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,4})(?:\+(0|[1-9]\d{0,9}))?$/;

/** Reads `major.minor.revision+build`; the build is 0 where it is left out. @throws {ImageError} `IMAGE_VERSION_INVALID` */
export function parseImageVersion(text: string): ImageVersion {
  const [major, minor, revision, build] = (FORM.exec(text)?.slice(1) ?? []).map((part) => Number(part ?? 0));
  const version = { major: major ?? -1, minor: minor ?? -1, revision: revision ?? -1, build: build ?? -1 };
  checkImageVersion(version);
  return version;
}

/** @throws {ImageError} `IMAGE_VERSION_INVALID` where a part is no whole number of its size. */
export function checkImageVersion({ major, minor, revision, build }: ImageVersion): void {
  const fits = (value: number, max: number) => Number.isInteger(value) && value >= 0 && value <= max;
  if (!fits(major, 0xff) || !fits(minor, 0xff) || !fits(revision, 0xffff) || !fits(build, 0xffff_ffff))
    throw new ImageError("IMAGE_VERSION_INVALID");
}

export function formatImageVersion({ major, minor, revision, build }: ImageVersion): string {
  return `${major}.${minor}.${revision}+${build}`;
}
