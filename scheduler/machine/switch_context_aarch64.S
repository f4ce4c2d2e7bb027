// void reweave_switch_plain(Context* from, Context* to)
// void reweave_switch_registers(Context* from, Context* to)
// void reweave_switch_borrowed(Context* from, Context* to)
// AAPCS64; see context.h for what they do.
//
// History
//   2026-11-26  first version
//
// Saved on the stack that is left, from sp upwards:
//   0    x29 x30       a frame record, so that a debugger can walk through
//   16   x19 … x28
//   96   d8 … d15      the low halves of v8 … v15 are callee-saved, no more of them
// Everything else is caller-saved by the ABI, but for FPCR, which is not switched. x18 is the
// platform's: on Linux it is caller-saved.
//
// Left by ret, unlike on x86-64: where branch targets are checked (BTI), an indirect branch back
// into the middle of a function is refused, and a return is not.
  .text

  .set CONTEXT_SP, 0
  .set CONTEXT_THREAD_POINTER, 8
  .set CONTEXT_EXCEPTIONS, 16
  .set FRAME, 160

.macro PUSH_REGISTERS
  stp x29, x30, [sp, #-FRAME]!
  .cfi_def_cfa_offset FRAME
  .cfi_offset x29, -FRAME
  .cfi_offset x30, -FRAME + 8
  mov x29, sp
  stp x19, x20, [sp, #16]
  .cfi_offset x19, -FRAME + 16
  .cfi_offset x20, -FRAME + 24
  stp x21, x22, [sp, #32]
  .cfi_offset x21, -FRAME + 32
  .cfi_offset x22, -FRAME + 40
  stp x23, x24, [sp, #48]
  .cfi_offset x23, -FRAME + 48
  .cfi_offset x24, -FRAME + 56
  stp x25, x26, [sp, #64]
  .cfi_offset x25, -FRAME + 64
  .cfi_offset x26, -FRAME + 72
  stp x27, x28, [sp, #80]
  .cfi_offset x27, -FRAME + 80
  .cfi_offset x28, -FRAME + 88
  stp d8, d9, [sp, #96]
  .cfi_offset d8, -FRAME + 96
  .cfi_offset d9, -FRAME + 104
  stp d10, d11, [sp, #112]
  .cfi_offset d10, -FRAME + 112
  .cfi_offset d11, -FRAME + 120
  stp d12, d13, [sp, #128]
  .cfi_offset d12, -FRAME + 128
  .cfi_offset d13, -FRAME + 136
  stp d14, d15, [sp, #144]
  .cfi_offset d14, -FRAME + 144
  .cfi_offset d15, -FRAME + 152
.endm

.macro EXCHANGE_STACKS
  mov x9, sp
  str x9, [x0, #CONTEXT_SP]
  ldr x9, [x1, #CONTEXT_SP]
  mov sp, x9
.endm

.macro POP_REGISTERS_AND_RETURN
  ldp d14, d15, [sp, #144]
  .cfi_restore d14
  .cfi_restore d15
  ldp d12, d13, [sp, #128]
  .cfi_restore d12
  .cfi_restore d13
  ldp d10, d11, [sp, #112]
  .cfi_restore d10
  .cfi_restore d11
  ldp d8, d9, [sp, #96]
  .cfi_restore d8
  .cfi_restore d9
  ldp x27, x28, [sp, #80]
  .cfi_restore x27
  .cfi_restore x28
  ldp x25, x26, [sp, #64]
  .cfi_restore x25
  .cfi_restore x26
  ldp x23, x24, [sp, #48]
  .cfi_restore x23
  .cfi_restore x24
  ldp x21, x22, [sp, #32]
  .cfi_restore x21
  .cfi_restore x22
  ldp x19, x20, [sp, #16]
  .cfi_restore x19
  .cfi_restore x20
  ldp x29, x30, [sp], #FRAME
  .cfi_restore x29
  .cfi_restore x30
  .cfi_def_cfa_offset 0
  ret
.endm

  .globl reweave_switch_plain
  .type reweave_switch_plain, %function
  .p2align 5
reweave_switch_plain:
  .cfi_startproc
  hint #34                    // bti c
  ldr x9, [x0, #CONTEXT_EXCEPTIONS]
  ldp x10, x11, [x9]          // the innermost open handler's exception; how many are in flight
  orr x10, x10, x11
  cbz x10, 1f
  b reweave_switch_in_handler
1:
  PUSH_REGISTERS
  EXCHANGE_STACKS
  POP_REGISTERS_AND_RETURN
  .cfi_endproc
  .size reweave_switch_plain, . - reweave_switch_plain

  .globl reweave_switch_registers
  .type reweave_switch_registers, %function
  .p2align 5
reweave_switch_registers:
  .cfi_startproc
  hint #34                    // bti c
  PUSH_REGISTERS
  EXCHANGE_STACKS
  POP_REGISTERS_AND_RETURN
  .cfi_endproc
  .size reweave_switch_registers, . - reweave_switch_registers

  .globl reweave_switch_borrowed
  .type reweave_switch_borrowed, %function
  .p2align 5
reweave_switch_borrowed:
  .cfi_startproc
  hint #34                    // bti c
  PUSH_REGISTERS
  ldr x10, [x1, #CONTEXT_THREAD_POINTER]
  EXCHANGE_STACKS
  msr tpidr_el0, x10
  POP_REGISTERS_AND_RETURN
  .cfi_endproc
  .size reweave_switch_borrowed, . - reweave_switch_borrowed

// What prepare() lets a fresh stack begin with: x19 is the argument, x20 the entry. It has no
// caller, which is what a debugger's backtrace ends with.
  .globl reweave_context_start
  .type reweave_context_start, %function
  .p2align 4
reweave_context_start:
  .cfi_startproc
  .cfi_undefined x30
  hint #36                    // bti j
  mov x29, xzr
  mov x30, xzr
  mov x0, x19
  blr x20
  brk #1                      // an entry never returns
  .cfi_endproc
  .size reweave_context_start, . - reweave_context_start

// [[noreturn]] void reweave_park(int* never): waits in the kernel for ever, without a look at
// thread-local memory, which belongs to whoever borrows this thread.
  .set SYS_FUTEX, 98
  .set FUTEX_WAIT_PRIVATE, 128
  .globl reweave_park
  .type reweave_park, %function
  .p2align 4
reweave_park:
  .cfi_startproc
  .cfi_undefined x30
  hint #34                    // bti c
  mov x19, x0
1:
  mov x0, x19
  mov x1, #FUTEX_WAIT_PRIVATE
  mov x2, xzr                 // as long as *never is 0
  mov x3, xzr                 // no time-out
  mov x8, #SYS_FUTEX
  svc #0
  b 1b
  .cfi_endproc
  .size reweave_park, . - reweave_park

  .section .note.GNU-stack, "", %progbits
