#include <string>

#include <benchmark/benchmark.h>

#include "bench/micro/sample.h"
#include "node/frontend/http/json_writer.h"

namespace idnode::bench {
namespace {

/// What an HTTP resolution writes, from the bytes at rest on.
void AppendRecordJsonBench(benchmark::State& state) {
  const std::string bytes = SampleRecord();
  const auto disclosure = service::Disclosure::Public();
  std::string out;
  for (auto _ : state) {
    out.clear();
    auto record = DecodeRecord(bytes);
    frontend::http::AppendRecord(kIdentifier, *record, &disclosure, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}
BENCHMARK(AppendRecordJsonBench);

void AppendItemResultJsonBench(benchmark::State& state) {
  service::ItemResult result;
  result.outcome = service::Outcome::kRegistered;
  std::string out;
  for (auto _ : state) {
    out.clear();
    frontend::http::AppendItemResult(result, kIdentifier, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(AppendItemResultJsonBench);

}  // namespace
}  // namespace idnode::bench
