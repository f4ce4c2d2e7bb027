#include "runtime/program/symbol_table.h"

#include <gtest/gtest.h>

namespace reweave::program {
namespace {

TEST(SimplifiedName, HasNoParametersNoResultAndNoBlanks) {
  EXPECT_EQ(simplified_name("main"), "main");
  EXPECT_EQ(simplified_name("_Z7depositi"), "deposit");
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

}  // namespace
}  // namespace reweave::program
