// void reweave_switch_slices(Slice* from, Slice* to, void* base, SliceStack* stack)
// AAPCS64; see slice.h for what it does.
//
// History
//   2026-11-22  first version
//
// Saved on the stack itself, and so with the slice, from sp upwards:
//   0    x29 x30       a frame record, so that a debugger can walk through
//   16   x19 … x28
//   96   d8 … d15      the low halves of v8 … v15 are callee-saved, no more of them
//   160  FPCR          rounding, flush to zero, traps; FPSR holds sticky flags only and belongs to
//                      nobody
// Everything else is caller-saved by the ABI. x18 is the platform's: on Linux it is caller-saved.
//
// Copies go downwards from the base in blocks of 128 bytes and may overshoot below sp by up to 127
// bytes: reading there is harmless, writing too, because sp has been moved before and nobody lives
// below it. A signal may come at any time; its frame is gone again when the next block is copied.
//
// Left by ret, unlike on x86-64: where branch targets are checked (BTI), an indirect branch back
// into the middle of a function is refused, and a return is not.
  .text

  .set FRAME, 176

// Copies blocks from \src downwards to \dst until \limited <= \limit, compared as signed: above the
// base there is nothing to copy. \limited is \src or \dst. Clobbers v0-v7, whose callee-saved
// cousins begin at v8.
.macro COPY_BLOCKS src dst limited limit
  cmp \limited, \limit
  b.le 2f
  .p2align 4
1:
  ldp q0, q1, [\src, #-32]
  ldp q2, q3, [\src, #-64]
  ldp q4, q5, [\src, #-96]
  ldp q6, q7, [\src, #-128]
  stp q0, q1, [\dst, #-32]
  stp q2, q3, [\dst, #-64]
  stp q4, q5, [\dst, #-96]
  stp q6, q7, [\dst, #-128]
  sub \src, \src, #128
  sub \dst, \dst, #128
  cmp \limited, \limit
  b.gt 1b
2:
.endm

  .globl reweave_switch_slices
  .type reweave_switch_slices, %function
  .p2align 5
reweave_switch_slices:
  .cfi_startproc
  hint #34                    // bti c
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
  mrs x16, fpcr
  str x16, [sp, #160]

  cbz x0, 5f                  // abandoned: nothing is saved
  mov x9, sp
  str x9, [x0, #0]            // from->sp
  ldr x10, [x0, #8]           // from->top
  ldr x11, [x0, #16]          // from->capacity
  sub x12, x2, x9
  cmp x11, x12                // signed: above the base the size is negative
  b.lt 9f
  mov x13, x2
  COPY_BLOCKS x13, x10, x13, x9
5:
  ldr x9, [x1, #0]            // to->sp
  cbz x9, 6f
  mov sp, x9                  // sp moves first: the kernel may write below it at any time
  ldr x10, [x1, #8]           // to->top
  mov x13, x2
  COPY_BLOCKS x10, x13, x13, x9
  .cfi_remember_state
  ldr x17, [sp, #160]
  cmp x16, x17                // writing FPCR is slow, and mostly there is nothing to change
  b.eq 4f
  msr fpcr, x17
4:
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

6:                            // a fresh slice: a new stack begins at the base, without a caller
  .cfi_restore_state
  .cfi_undefined x30
  mov sp, x2
  msr fpcr, xzr               // the ABI's default at process start
  mov x29, xzr
  mov x30, xzr
  mov x0, x3
  bl reweave_start_slice
  brk #1                      // it never returns
9:
  brk #2                      // the slice's buffer is too small: reserve() was given the wrong size
  .cfi_endproc
  .size reweave_switch_slices, . - reweave_switch_slices

  .section .note.GNU-stack, "", %progbits
