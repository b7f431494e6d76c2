/** The card's one button: 1 while pressed. The machine calls the authenticator's `onButton` at each change, debounced. */
// @ts-ignore: decorator
@external("button", "pressed")
export declare function pressed(): i32;
