// Google Benchmark's results as one small table: what each thing costs, and how many a second that
// is.
//
// Of several repetitions the fastest counts, in time of this process's own: other processes can
// only make it slower. A name is "group/what"; groups are shown in the order in which they were
// registered.
#pragma once

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace reweave::bench {

class Table : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

 private:
  struct Row {
    std::int64_t order = 0;  // Of registration.
    std::string group;
    std::string what;
    double per_second = 0;
    std::string error;
  };
  double nanoseconds_of(const std::string& group, const std::string& what) const;

  std::vector<Row> rows_;
};

}  // namespace reweave::bench
