// One working area for what must lie in a row before it is hashed or verified. Holds nothing between calls: every user wipes it.

export const SCRATCH_SIZE: i32 = 640;
export const scratch: usize = memory.data(SCRATCH_SIZE);
