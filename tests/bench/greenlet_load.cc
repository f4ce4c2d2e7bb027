#ifdef REWEAVE_GREENLET
// Before everything else, as Python wants it.
#include <Python.h>
#include <greenlet/greenlet.h>
#endif

#include "scheduler/base/internal_check.h"
#include "tests/bench/greenlet_load.h"

namespace reweave::bench {

const char* GreenletLoad::advice() {
  return "greenlet is not built in; apt-get install python3-greenlet python3-dev, and build again";
}

#ifdef REWEAVE_GREENLET

namespace {

std::uint64_t entered = 0;
PyGreenlet* first = nullptr;  // The thread's own greenlet, which lives for ever.

/// The other greenlet: switches back for ever.
PyObject* switch_back(PyObject*, PyObject*) {
  for (;;) {
    ++entered;
    PyObject* const result = PyGreenlet_Switch(first, nullptr, nullptr);
    if (result == nullptr) return nullptr;  // It is being destroyed.
    Py_DECREF(result);
  }
}

PyMethodDef switch_back_method = {"switch_back", switch_back, METH_VARARGS, nullptr};

}  // namespace

struct GreenletLoad::Pair {
  PyGreenlet* other = nullptr;
};

bool GreenletLoad::available() { return true; }

GreenletLoad::GreenletLoad() : pair_(new Pair) {
  if (Py_IsInitialized() == 0) {
    Py_InitializeEx(/*initsigs=*/0);
    PyGreenlet_Import();
    CHECK_MSG(_PyGreenlet_API != nullptr, advice());
    first = PyGreenlet_GetCurrent();
  }
  PyObject* const function = PyCFunction_New(&switch_back_method, nullptr);
  CHECK(function != nullptr);
  pair_->other = PyGreenlet_New(function, nullptr);
  CHECK(pair_->other != nullptr);
  Py_DECREF(function);
}

GreenletLoad::~GreenletLoad() {
  Py_DECREF(reinterpret_cast<PyObject*>(pair_->other));
  PyErr_Clear();
  delete pair_;
}

void GreenletLoad::run() {
  const std::uint64_t before = entered;
  for (std::uint64_t i = 0; i < kBatch / 2; ++i) {
    PyObject* const result = PyGreenlet_Switch(pair_->other, nullptr, nullptr);
    CHECK(result != nullptr);
    Py_DECREF(result);
  }
  CHECK(entered - before == kBatch / 2);
}

#else

struct GreenletLoad::Pair {};
bool GreenletLoad::available() { return false; }
GreenletLoad::GreenletLoad() : pair_(nullptr) { CHECK_MSG(false, advice()); }
GreenletLoad::~GreenletLoad() = default;
void GreenletLoad::run() { CHECK_MSG(false, advice()); }

#endif

}  // namespace reweave::bench
