// void reweave_switch_slices(Slice* from, Slice* to, void* base, SliceStack* stack)
// System V AMD64; see slice.h for what it does.
//
// History
//   2026-11-22  first version
//
// Saved on the stack itself, and so with the slice: rbp rbx r12 r13 r14 r15, MXCSR (bits 0-31 of
// the word at sp) and the x87 control word (bits 32-47). Everything else is caller-saved by the
// ABI.
//
// Copies go downwards from the base in blocks of 128 bytes and may overshoot below sp by up to 127
// bytes: reading there is harmless, writing too, because sp has been moved before and nobody lives
// below it.
//
// Left by an indirect jump, not by ret: the return predictor knows the leaver's calls, not the
// arriver's.
  .text

// Copies blocks from \src downwards to \dst until \limited <= \limit. Clobbers ymm0-3 or xmm0-3.
.macro COPY_BLOCKS src dst limited limit
  cmp \limit, \limited
  jle 3f
  cmpb $0, reweave_switch_has_avx(%rip)
  je 2f
  .p2align 4
1:
  vmovups -32(\src), %ymm0
  vmovups -64(\src), %ymm1
  vmovups -96(\src), %ymm2
  vmovups -128(\src), %ymm3
  vmovups %ymm0, -32(\dst)
  vmovups %ymm1, -64(\dst)
  vmovups %ymm2, -96(\dst)
  vmovups %ymm3, -128(\dst)
  sub $128, \src
  sub $128, \dst
  cmp \limit, \limited
  jg 1b
  vzeroupper
  jmp 3f
  .p2align 4
2:
  movups -16(\src), %xmm0
  movups -32(\src), %xmm1
  movups -48(\src), %xmm2
  movups -64(\src), %xmm3
  movups %xmm0, -16(\dst)
  movups %xmm1, -32(\dst)
  movups %xmm2, -48(\dst)
  movups %xmm3, -64(\dst)
  movups -80(\src), %xmm0
  movups -96(\src), %xmm1
  movups -112(\src), %xmm2
  movups -128(\src), %xmm3
  movups %xmm0, -80(\dst)
  movups %xmm1, -96(\dst)
  movups %xmm2, -112(\dst)
  movups %xmm3, -128(\dst)
  sub $128, \src
  sub $128, \dst
  cmp \limit, \limited
  jg 2b
3:
.endm

  .globl reweave_switch_slices
  .type reweave_switch_slices, @function
  .p2align 5
reweave_switch_slices:
  .cfi_startproc
  endbr64
  push %rbp
  .cfi_def_cfa_offset 16
  .cfi_offset %rbp, -16
  push %rbx
  .cfi_def_cfa_offset 24
  .cfi_offset %rbx, -24
  push %r12
  .cfi_def_cfa_offset 32
  .cfi_offset %r12, -32
  push %r13
  .cfi_def_cfa_offset 40
  .cfi_offset %r13, -40
  push %r14
  .cfi_def_cfa_offset 48
  .cfi_offset %r14, -48
  push %r15
  .cfi_def_cfa_offset 56
  .cfi_offset %r15, -56
  sub $8, %rsp
  .cfi_def_cfa_offset 64
  stmxcsr (%rsp)
  fnstcw 4(%rsp)
  movl (%rsp), %r10d          // what the processor has now, for the comparison on arrival
  movzwl 4(%rsp), %r11d

  mov %rcx, %r9               // stack, for a fresh slice
  test %rdi, %rdi
  jz 5f                       // abandoned: nothing is saved
  mov %rsp, 0(%rdi)           // from->sp
  mov 8(%rdi), %r8            // from->top
  mov %rdx, %rax
  sub %rsp, %rax
  cmp %rax, 16(%rdi)          // from->capacity, signed: above the base the size is negative
  jl 9f
  mov %rdx, %rcx
  COPY_BLOCKS %rcx %r8 %rcx %rsp
5:
  mov 0(%rsi), %rax           // to->sp
  test %rax, %rax
  jz 6f
  mov %rax, %rsp              // sp moves first: the kernel may write below it at any time
  mov 8(%rsi), %rcx           // to->top
  mov %rdx, %r8
  COPY_BLOCKS %rcx %r8 %r8 %rsp
  cmpl (%rsp), %r10d          // loading them is slow, and mostly there is nothing to change
  jne 7f
  cmpw 4(%rsp), %r11w
  jne 7f
4:
  .cfi_remember_state
  add $8, %rsp
  .cfi_def_cfa_offset 56
  pop %r15
  .cfi_def_cfa_offset 48
  .cfi_restore %r15
  pop %r14
  .cfi_def_cfa_offset 40
  .cfi_restore %r14
  pop %r13
  .cfi_def_cfa_offset 32
  .cfi_restore %r13
  pop %r12
  .cfi_def_cfa_offset 24
  .cfi_restore %r12
  pop %rbx
  .cfi_def_cfa_offset 16
  .cfi_restore %rbx
  pop %rbp
  .cfi_def_cfa_offset 8
  .cfi_restore %rbp
  pop %rcx
  .cfi_def_cfa_offset 0
  .cfi_register %rip, %rcx
  notrack jmp *%rcx

7:
  .cfi_restore_state
  ldmxcsr (%rsp)
  fldcw 4(%rsp)
  jmp 4b

6:                            // a fresh slice: a new stack begins at the base, without a caller
  .cfi_undefined %rip
  lea -16(%rdx), %rsp
  movl $0x1f80, (%rsp)        // the ABI's defaults at process start
  ldmxcsr (%rsp)
  movw $0x037f, (%rsp)
  fldcw (%rsp)
  xor %ebp, %ebp
  mov %r9, %rdi
  call reweave_start_slice@PLT
  ud2                         // it never returns
9:
  ud2                         // the slice's buffer is too small: reserve() was given the wrong size
  .cfi_endproc
  .size reweave_switch_slices, . - reweave_switch_slices

  .section .note.GNU-stack, "", @progbits
