#include "runtime/program/symbol_table.h"

#include <gtest/gtest.h>

namespace reweave::program {
namespace {

TEST(SimplifiedName, HasNoParametersNoResultAndNoBlanks) {
  EXPECT_EQ(simplified_name("main"), "main");
  EXPECT_EQ(simplified_name("_Z7depositi"), "deposit");
  EXPECT_EQ(simplified_name("w"), "w");  // Of C; as a type it would be wchar_t.
  EXPECT_EQ(simplified_name("f.cold"), "f");
  EXPECT_EQ(simplified_name("_ZNSt6vectorIiSaIiEE9push_backEOi"),
            "std::vector<int,std::allocator<int>>::push_back");
  EXPECT_EQ(simplified_name("_ZN12_GLOBAL__N_14workEv"), "work");
  EXPECT_EQ(simplified_name("deposit.part.0"), "deposit");
}

TEST(SimplifiedName, OfALambdaIsOneWhereverItIsCompiledTo) {
  EXPECT_EQ(simplified_name("_ZZ4mainENKUlvE_clEv"), "main::{lambda#1}");
  EXPECT_EQ(simplified_name("_ZNSt6thread11_State_implINS_8_InvokerISt5tupleIJZ4mainEUlvE_EEEEE6_"
                            "M_runEv"),
            "main::{lambda#1}");
  EXPECT_EQ(simplified_name("_ZNSt6thread11_State_implINS_8_InvokerISt5tupleIJZ4mainEUlvE0_iEEEEE"
                            "6_M_runEv"),
            "main::{lambda#2}");
  EXPECT_EQ(simplified_name("_ZNSt6thread11_State_implINS_8_InvokerISt5tupleIJPFvvEEEEEE6_M_runEv"),
            "std::thread::_State_impl<std::thread::_Invoker<std::tuple<void(*)()>>>::_M_run");
}

TEST(LibraryName, IsOfWhatNoUserWrote) {
  for (const char* const name :
       {"_ZNSt5mutex4lockEv", "_ZNKSt6vectorIiSaIiEE4sizeEv",
        "_ZSt4moveIRiEONSt16remove_referenceIT_E4typeEOS2_", "_ZN9__gnu_cxx13new_allocatorIiEC1Ev",
        "_ZL20__gthread_mutex_lockP15pthread_mutex_t", "_ZN7testing4Test3RunEv", "_start",
        "__cxa_atexit", "__interceptor_pthread_create", "_ZN6__asan10AsanThread11ThreadStartEy",
        "_ZZNSt9once_flag18_Prepare_executionC4IZSt9call_onceIRFvvEJEEvRS_OT_ENUlvE_4_FUNEv"}) {
    EXPECT_TRUE(is_library_name(name)) << name;
  }
  for (const char* const name :
       {"main", "_Z6workerv", "_ZN5Queue3popEv", "_ZNK5Queue4sizeEv", "_ZN12_GLOBAL__N_14workEv",
        "_ZL6workerv", "_ZN13testing_utils3runEv", "_ZZ4mainENKUlvE_clEv", "start", "std_like"}) {
    EXPECT_FALSE(is_library_name(name)) << name;
  }
}

TEST(ThreadFunction, IsALambdaOrAClassButNoPointer) {
  EXPECT_EQ(thread_function_of_type(
                "_ZTVNSt6thread11_State_implINS_8_InvokerISt5tupleIJZ4mainEUlvE_EEEEEE"),
            "main::{lambda#1}");
  EXPECT_EQ(
      thread_function_of_type("_ZTVNSt6thread11_State_implINS_8_InvokerISt5tupleIJ6WorkeriEEEEEE"),
      "Worker");
  EXPECT_EQ(
      thread_function_of_type("_ZTVNSt6thread11_State_implINS_8_InvokerISt5tupleIJPFvvEEEEEEE"),
      "");
  EXPECT_EQ(thread_function_of_type("_ZTV5Shape"), "");
}

}  // namespace
}  // namespace reweave::program
