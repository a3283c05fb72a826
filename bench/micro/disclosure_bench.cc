// What access rules cost a resolution: who sees what of a record of a ten-item template, and its
// answer over gRPC.
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <benchmark/benchmark.h>

#include "bench/micro/sample.h"
#include "node/base/check.h"
#include "node/base/clock.h"
#include "node/base/metrics.h"
#include "node/base/time_zone.h"
#include "node/frontend/convert/record_wire.h"
#include "node/service/access_control.h"
#include "node/service/disclosure.h"
#include "node/service/prefix_registry.h"
#include "storage/committer.h"
#include "storage/engine.h"

namespace idnode::bench {
namespace {

constexpr std::array<std::string_view, 10> kItems = {"article",  "batch",   "colour",   "manual",
                                                     "material", "organic", "produced", "size",
                                                     "upper",    "weight"};
constexpr std::string_view kAttributes =
    R"({"article":"SN-1952-042","batch":"SH261122","colour":"brown",)"
    R"("manual":"https://maker.example/m/42.pdf","material":"小牛皮 calf leather",)"
    R"("organic":true,"produced":"2026-11-22","size":42,"upper":"88.108.1001/UP-7",)"
    R"("weight":0.725})";
constexpr std::string_view kFolded = "88.108.1001/sn00000000000042";
constexpr const char* kPartner = "partner";

// A store with the template "shoe@1", every other item of which is for granted parties, and a grant
// of them to an application.
class Rules {
 public:
  Rules() {
    const Deadline soon = clock_.After(std::chrono::seconds(30));
    auto root = std::make_shared<service::Caller>();
    root->role = service::Role::kOperator;
    const service::Actor actor{root, "192.0.2.1"};
    grants_.SetApplications([](std::string_view name) { return name == kPartner; });
    DataTemplate content;
    for (std::size_t i = 0; i < kItems.size(); ++i) {
      TemplateItem item;
      item.name = kItems[i];
      item.visibility =
          i % 2 == 0 ? ItemVisibilityDefault::kPublic : ItemVisibilityDefault::kGranted;
      content.items.push_back(std::move(item));
    }
    IDNODE_CHECK(templates_.Put(actor, "88.108", "shoe", content, soon).ok());
    IDNODE_CHECK(templates_.Publish(actor, "88.108", "shoe", 1, soon).ok());
    service::GrantInfo grant;
    grant.prefix = kPrefix;
    grant.template_name = "shoe";
    for (std::size_t i = 1; i < kItems.size(); i += 2) grant.items.emplace_back(kItems[i]);
    grant.to_application = kPartner;
    IDNODE_CHECK(grants_.Create(actor, grant, soon).ok());
    partner_.role = service::Role::kApplication;
    partner_.application = kPartner;
    partner_.prefixes = {"88.108.9999"};
    RecordHeader header;
    header.updated_ms = header.registered_ms = header.first_registered_ms = kCommitMs;
    EncodeRecordHeader(header, bytes_);
    ContentInput input = SampleContent();
    input.template_ref = "shoe@1";
    input.attributes_json = kAttributes;
    IDNODE_CHECK(EncodeContent(input, RecordLimits{}, bytes_).ok());
  }
  ~Rules() { committer_.Drain(clock_.After(std::chrono::seconds(5))); }

  const service::DisclosurePolicy& policy() const { return policy_; }
  const service::Caller& partner() const { return partner_; }
  RecordView record() const {
    const auto record = DecodeRecord(bytes_);
    IDNODE_CHECK(record.ok());
    return *record;
  }

 private:
  static std::unique_ptr<storage::Engine> OpenMemory() {
    storage::EngineOptions options;
    options.engine = "memory";
    options.shards = 1;
    auto opened = storage::OpenEngine(options);
    IDNODE_CHECK(opened.ok());
    return *std::move(opened);
  }

  FakeClock clock_{kCommitMs};
  TimeZone zone_ = *TimeZone::Load("Asia/Shanghai");
  Metrics metrics_;
  std::unique_ptr<storage::Engine> engine_ = OpenMemory();
  storage::Committer committer_{*engine_, clock_, zone_, metrics_, {}};
  service::AuditLog audit_{*engine_, committer_, clock_, metrics_, {}};
  service::EnterpriseRegistry enterprises_{*engine_, audit_, clock_};
  service::PrefixRegistry prefixes_{*engine_, audit_,   enterprises_,
                                    clock_,   metrics_, {{"88.108"}, true, {}}};
  service::TemplateRegistry templates_{*engine_, audit_, prefixes_, clock_, {}};
  service::GrantStore grants_{*engine_, audit_, prefixes_, clock_};
  service::DisclosurePolicy policy_{templates_, grants_, prefixes_, clock_};
  service::Caller partner_;
  std::string bytes_;
};

void See(benchmark::State& state, const service::Caller& caller, const Rules& rules) {
  const RecordView record = rules.record();
  for (auto _ : state) {
    const service::Disclosure disclosure = rules.policy().For(caller, kFolded, record);
    for (const std::string_view item : kItems) {
      benchmark::DoNotOptimize(disclosure.SeesAttribute(item));
    }
  }
}

void SeeAsGrantedBench(benchmark::State& state) {
  const Rules rules;
  See(state, rules.partner(), rules);
}
BENCHMARK(SeeAsGrantedBench);

void SeeAsAnybodyBench(benchmark::State& state) {
  const Rules rules;
  See(state, *service::Anonymous(), rules);
}
BENCHMARK(SeeAsAnybodyBench);

void Answer(benchmark::State& state, const service::Disclosure* disclosure, const Rules& rules) {
  const RecordView record = rules.record();
  std::string wire;
  for (auto _ : state) {
    wire.clear();
    frontend::AppendResolveResponse(kIdentifier, record, disclosure, wire);
    benchmark::DoNotOptimize(wire.data());
  }
}

void ResolveWireAllBench(benchmark::State& state) {
  const Rules rules;
  Answer(state, nullptr, rules);
}
BENCHMARK(ResolveWireAllBench);

void ResolveWireFilteredBench(benchmark::State& state) {
  const Rules rules;
  const auto disclosure = rules.policy().For(*service::Anonymous(), kFolded, rules.record());
  Answer(state, &disclosure, rules);
}
BENCHMARK(ResolveWireFilteredBench);

}  // namespace
}  // namespace idnode::bench
