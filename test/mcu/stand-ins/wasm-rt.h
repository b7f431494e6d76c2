// Of wabt's runtime, what firmware/mcu/loader/slots.c calls: its harness answers.
typedef enum { WASM_RT_TRAP_NONE, WASM_RT_TRAP_OOB } wasm_rt_trap_t;
_Noreturn void wasm_rt_trap(wasm_rt_trap_t);
