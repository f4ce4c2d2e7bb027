// void reweave_switch_plain(Context* from, Context* to)
// void reweave_switch_registers(Context* from, Context* to)
// void reweave_switch_borrowed(Context* from, Context* to)
// void reweave_switch_borrowed_by_call(Context* from, Context* to)
// System V AMD64; see context.h for what they do.
//
// History
//   2026-11-26  first version
//
// Saved on the stack that is left, from sp upwards: r15 r14 r13 r12 rbx rbp and the return address.
// Everything else is caller-saved by the ABI, but for MXCSR and the x87 control word, which are not
// switched.
//
// Left by an indirect jump, not by ret: the return predictor knows the leaver's calls, not the
// arriver's.
  .text

  .set CONTEXT_SP, 0
  .set CONTEXT_THREAD_POINTER, 8
  .set CONTEXT_EXCEPTIONS, 16

  .set SYS_ARCH_PRCTL, 158
  .set ARCH_SET_FS, 0x1002

.macro PUSH_REGISTERS
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
.endm

.macro POP_REGISTERS_AND_JUMP
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
.endm

  .globl reweave_switch_plain
  .type reweave_switch_plain, @function
  .p2align 5
reweave_switch_plain:
  .cfi_startproc
  endbr64
  mov CONTEXT_EXCEPTIONS(%rdi), %rax
  mov (%rax), %rcx            // the innermost exception whose handler is open
  or 8(%rax), %rcx            // how many are thrown and not yet caught
  jne reweave_switch_in_handler@PLT
  PUSH_REGISTERS
  mov %rsp, CONTEXT_SP(%rdi)
  mov CONTEXT_SP(%rsi), %rsp
  POP_REGISTERS_AND_JUMP
  .cfi_endproc
  .size reweave_switch_plain, . - reweave_switch_plain

  .globl reweave_switch_registers
  .type reweave_switch_registers, @function
  .p2align 5
reweave_switch_registers:
  .cfi_startproc
  endbr64
  PUSH_REGISTERS
  mov %rsp, CONTEXT_SP(%rdi)
  mov CONTEXT_SP(%rsi), %rsp
  POP_REGISTERS_AND_JUMP
  .cfi_endproc
  .size reweave_switch_registers, . - reweave_switch_registers

  .globl reweave_switch_borrowed
  .type reweave_switch_borrowed, @function
  .p2align 5
reweave_switch_borrowed:
  .cfi_startproc
  endbr64
  PUSH_REGISTERS
  mov CONTEXT_THREAD_POINTER(%rsi), %rax
  mov %rsp, CONTEXT_SP(%rdi)
  mov CONTEXT_SP(%rsi), %rsp
  wrfsbase %rax
  POP_REGISTERS_AND_JUMP
  .cfi_endproc
  .size reweave_switch_borrowed, . - reweave_switch_borrowed

  .globl reweave_switch_borrowed_by_call
  .type reweave_switch_borrowed_by_call, @function
  .p2align 5
reweave_switch_borrowed_by_call:
  .cfi_startproc
  endbr64
  PUSH_REGISTERS
  mov %rsp, CONTEXT_SP(%rdi)
  mov CONTEXT_SP(%rsi), %rsp
  mov CONTEXT_THREAD_POINTER(%rsi), %rsi
  mov $ARCH_SET_FS, %edi
  mov $SYS_ARCH_PRCTL, %eax
  syscall                     // changes rax, rcx and r11 only
  POP_REGISTERS_AND_JUMP
  .cfi_endproc
  .size reweave_switch_borrowed_by_call, . - reweave_switch_borrowed_by_call

// What prepare() lets a fresh stack begin with: r12 is the argument, r13 the entry. It has no
// caller, which is what a debugger's backtrace ends with.
  .globl reweave_context_start
  .type reweave_context_start, @function
  .p2align 4
reweave_context_start:
  .cfi_startproc
  .cfi_undefined %rip
  endbr64
  mov %r12, %rdi
  call *%r13
  ud2                         // an entry never returns
  .cfi_endproc
  .size reweave_context_start, . - reweave_context_start

// [[noreturn]] void reweave_park(int* never): waits in the kernel for ever, without a look at
// thread-local memory, which belongs to whoever borrows this thread.
  .set SYS_FUTEX, 202
  .set FUTEX_WAIT_PRIVATE, 128
  .globl reweave_park
  .type reweave_park, @function
  .p2align 4
reweave_park:
  .cfi_startproc
  .cfi_undefined %rip
  endbr64
  mov %rdi, %rbx
1:
  mov %rbx, %rdi
  mov $FUTEX_WAIT_PRIVATE, %esi
  xor %edx, %edx              // as long as *never is 0
  xor %r10d, %r10d            // no time-out
  mov $SYS_FUTEX, %eax
  syscall
  jmp 1b
  .cfi_endproc
  .size reweave_park, . - reweave_park

  .section .note.GNU-stack, "", @progbits
