// The main() of a program that registers kinds of subjects: reweave::main. The tool is such a
// program itself; see tool.cc.

#include "repro/command/run_command.h"

int main(int argc, char** argv) {
  return reweave::repro::run_command(argc, argv, reweave::registered_kinds());
}
