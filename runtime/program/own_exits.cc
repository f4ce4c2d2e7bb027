// This library registers no exit handlers of its own.
//
// The program's handlers run at the end of every execution (exits.h). Destructors of the explorer's
// static objects must not be among them, so registration from within this library ends here; the
// symbol is not visible outside.

extern "C" {
__attribute__((visibility("hidden"))) int __cxa_atexit(void (*)(void*), void*, void*);
__attribute__((visibility("hidden"))) int atexit(void (*)());
}

int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }
int atexit(void (*)()) { return 0; }
