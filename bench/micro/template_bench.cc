// Checking one registration against a ten-item data template.
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include "bench/micro/sample.h"
#include "node/base/check.h"
#include "node/model/data_template.h"
#include "node/model/template_forms.h"

namespace idnode::bench {
namespace {

constexpr std::string_view kTemplate = R"({"properties":{
  "article":{"type":"string","minLength":3,"maxLength":20},
  "batch":{"type":"string","pattern":"^[A-Z]{2}[0-9]{6}$"},
  "colour":{"type":"string","enum":["black","blue","brown","green","red","white"]},
  "manual":{"type":"string","format":"uri"},
  "material":{"type":"string","maxLength":40},
  "organic":{"type":"boolean"},
  "produced":{"type":"string","format":"date"},
  "size":{"type":"integer","minimum":10,"maximum":60},
  "upper":{"type":"string","x-idnode-reference":"part"},
  "weight":{"type":"number","minimum":0,"maximum":5}},
  "required":["article","batch","colour","material","produced","size"],
  "additionalProperties":false})";

constexpr std::string_view kAttributes =
    R"({"article":"SN-1952-042","batch":"SH261122","colour":"brown",)"
    R"("manual":"https://maker.example/m/42.pdf","material":"小牛皮 calf leather",)"
    R"("organic":true,"produced":"2026-11-22","size":42,"upper":"88.108.1001/UP-7",)"
    R"("weight":0.725})";

std::shared_ptr<const TemplateChecker> Checker() {
  auto content = FromJsonSchema(kTemplate);
  IDNODE_CHECK(content.ok());
  NumberItems(*content, nullptr);
  auto made = TemplateChecker::Make(*content);
  IDNODE_CHECK(made.ok());
  return *made;
}

void CheckTemplateBench(benchmark::State& state) {
  const auto checker = Checker();
  const auto scratch = TemplateChecker::NewScratch();
  const ContentInput content = SampleContent();
  for (auto _ : state) {
    if (!checker->Check(kAttributes, content.values, *scratch, nullptr).ok()) {
      state.SkipWithError("refused");
    }
  }
}
BENCHMARK(CheckTemplateBench);

void MakeTemplateCheckerBench(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Checker());
}
BENCHMARK(MakeTemplateCheckerBench);

}  // namespace
}  // namespace idnode::bench
