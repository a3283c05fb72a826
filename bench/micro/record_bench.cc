#include <benchmark/benchmark.h>

#include "bench/micro/sample.h"
#include "node/model/record.h"

namespace idnode::bench {
namespace {

void EncodeContentBench(benchmark::State& state) {
  const ContentInput content = SampleContent();
  const RecordLimits limits;
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    if (!EncodeContent(content, limits, bytes).ok()) state.SkipWithError("refused");
    benchmark::DoNotOptimize(bytes.data());
  }
}
BENCHMARK(EncodeContentBench);

void EncodeRecordHeaderBench(benchmark::State& state) {
  RecordHeader header;
  header.updated_ms = header.registered_ms = header.first_registered_ms = kCommitMs;
  // Revision 1 takes the short form, any later one the long form.
  header.revision = static_cast<std::uint32_t>(state.range(0));
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    EncodeRecordHeader(header, bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
}
BENCHMARK(EncodeRecordHeaderBench)->Arg(1)->Arg(2);

void DecodeRecordBench(benchmark::State& state) {
  const std::string bytes = SampleRecord();
  for (auto _ : state) {
    auto record = DecodeRecord(bytes);
    if (!record.ok()) state.SkipWithError("damaged");
    benchmark::DoNotOptimize(record);
  }
}
BENCHMARK(DecodeRecordBench);

void ReadValuesBench(benchmark::State& state) {
  const std::string bytes = SampleRecord();
  const auto record = DecodeRecord(bytes);
  for (auto _ : state) {
    ValueReader values = record->values();
    ValueView value;
    while (values.Next(value)) benchmark::DoNotOptimize(value.data.data());
  }
}
BENCHMARK(ReadValuesBench);

}  // namespace
}  // namespace idnode::bench
