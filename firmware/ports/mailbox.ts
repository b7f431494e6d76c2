/**
 * The mailbox: fixed slots of 256 octets between modules, copied by the machine. No memory is shared. The first octet is
 * the `Mail` kind. `send` answers `Full` while the receiver has MAIL_DEPTH slots waiting, `BadArgument` for a length of 0
 * or over 256, or an unknown receiver. The machine calls the receiver's `onMail(sender, length)` with the slot copied to
 * the address that its `mailSlot()` gave; one call at a time, never inside another call of the same module.
 */
// @ts-ignore: decorator
@external("mailbox", "send")
export declare function send(to: i32, data: usize, length: i32): i32;
