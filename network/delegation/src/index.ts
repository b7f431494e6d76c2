// Delegated rights to pay (system 6), for whoever gives them and checks them: the issuer. What a right says is in wire; who hands one on has the SDK.

export { type Checked, type Counter, chainOf, checkedChain, newDelegation, readChain } from "./chain.js";
export { DELEGATION_ERRORS, DelegationError, type DelegationErrorCode } from "./errors.js";
export { ANY_METHOD, expectMet, type Limits, limitsOf, methodsOf, type Presented } from "./met.js";
