// Resolution of records that a template and grants rule, beside records of the same content that
// nothing rules.
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "bench/load/bench_run.h"
#include "bench/load/publish_template.h"
#include "bench/load/register_session.h"
#include "bench/load/resolve_client.h"
#include "bench/load/resolve_faces.h"
#include "idnode/v1/access.grpc.pb.h"
#include "node/model/data_template.h"

namespace idnode::bench {
namespace {

/// At most a tenth slower than without rules.
constexpr RatioGoal kGoal{0.9, 0.97};
constexpr std::chrono::seconds kAdminDeadline{30};
constexpr const char* kSecondaryPrefix = "88.108";
constexpr std::uint32_t kFirstPrefixNumber = 1001;
constexpr const char* kPartner = "partner";

DataSet RuledData() { return {Order::kSequential, 16, 1'000, 1, RowContent::kTemplate}; }
DataSet PlainData() { return {Order::kSequential, 16, 1'000, 2, RowContent::kAttributes}; }

/// One administrative call as the operator.
template <typename Stub, typename Request, typename Response>
Result<void> Administer(NodeProcess& node, Stub& stub,
                        grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                     Response*),
                        const Request& request, Response& response) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kAdminDeadline);
  context.AddMetadata("authorization", "Bearer " + node.token());
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) {
    return Error(Errc::kUnavailable, Request::descriptor()->name() + ": " + status.error_message());
  }
  return {};
}

/// Items of which every other one is for granted parties.
DataTemplate HalfGranted() {
  DataTemplate content;
  for (int i = 0; i < kAttributesOfRow; ++i) {
    TemplateItem item;
    item.name = AttributeName(i);
    item.index = kTemplateIndexMin + static_cast<std::uint32_t>(i);
    item.visibility = i % 2 == 0 ? ItemVisibilityDefault::kPublic : ItemVisibilityDefault::kGranted;
    content.items.push_back(std::move(item));
  }
  return content;
}

/// An application that every prefix grants the template to; its token.
Result<std::string> GrantToPartner(NodeProcess& node) {
  using Stub = v1::AccessService::Stub;
  const auto stub = v1::AccessService::NewStub(OwnChannel(node.grpc_target()));
  v1::CreateApplicationRequest application;
  application.set_name(kPartner);
  application.add_prefixes(std::string(kSecondaryPrefix) + ".9999");
  v1::CreateApplicationResponse created;
  IDNODE_RETURN_IF_ERROR(Administer(node, *stub, &Stub::CreateApplication, application, created));
  for (std::uint32_t i = 0; i < RuledData().prefixes; ++i) {
    v1::CreateGrantRequest request;
    v1::Grant& grant = *request.mutable_grant();
    grant.set_prefix(std::string(kSecondaryPrefix) + "." + std::to_string(kFirstPrefixNumber + i));
    grant.set_template_(std::string(kTemplateName));
    for (int item = 1; item < kAttributesOfRow; item += 2) grant.add_items(AttributeName(item));
    grant.set_to_application(kPartner);
    v1::CreateGrantResponse granted;
    IDNODE_RETURN_IF_ERROR(Administer(node, *stub, &Stub::CreateGrant, request, granted));
  }
  return created.token();
}

Result<void> Load(const DataSet& data, std::uint64_t rows, NodeProcess& node) {
  RegisterPlan plan;
  plan.data = data;
  plan.rows = rows;
  auto loaded = RegisterAll(plan, node, "loading " + CountName(rows));
  if (!loaded.ok()) return loaded.error();
  return {};
}

/// Asks for ruled and plain records in turn.
Result<void> Compare(BenchRun& run, const std::string& name, const Face& face, ResolvePlan plan,
                     NodeProcess& node) {
  ResolveRuns ruled;
  ResolveRuns plain;
  for (int i = 0; i < run.sizes().repeats; ++i) {
    plan.seed = static_cast<std::uint64_t>(i) + 1;
    for (auto& [data, runs] : {std::pair{RuledData(), &ruled}, std::pair{PlainData(), &plain}}) {
      plan.data = data;
      auto tally = AskNode(face, plan, node);
      if (!tally.ok()) return tally.error();
      runs->Add(*tally);
    }
  }
  AddResolveFigures(run, name, kGoal, ruled, plain);
  return {};
}

Result<void> RunAccess(BenchRun& run, const std::string& name, std::uint64_t rows) {
  auto made = run.NewNode();
  if (!made.ok()) return made.error();
  NodeProcess& node = *made->process;
  IDNODE_RETURN_IF_ERROR(PublishTemplate(node, HalfGranted()));
  auto token = GrantToPartner(node);
  if (!token.ok()) return token.error();
  IDNODE_RETURN_IF_ERROR(Load(RuledData(), rows, node));
  IDNODE_RETURN_IF_ERROR(Load(PlainData(), rows, node));
  if (auto settled = run.Settle(made->data_dir()); !settled.ok()) return settled.error();

  ResolvePlan plan;
  plan.rows = rows;
  plan.warm_up = run.sizes().warm_up;
  plan.time = run.sizes().resolve_time;
  for (const DataSet& data : {RuledData(), PlainData()}) {
    plan.data = data;
    IDNODE_RETURN_IF_ERROR(WarmUpResolution(node, plan));
  }
  const std::array<std::pair<std::string, Face>, 3> faces = {
      {{"/http-depth-1", kHttpFace}, {"/http-depth-16", kHttpPipelinedFace}, {"/grpc", kGrpcFace}}};
  for (const auto& [face_name, face] : faces) {
    plan.token.clear();
    IDNODE_RETURN_IF_ERROR(Compare(run, name + face_name + "/anonymous", face, plan, node));
    plan.token = *token;
    IDNODE_RETURN_IF_ERROR(Compare(run, name + face_name + "/granted", face, plan, node));
  }
  return {};
}

}  // namespace

void AddAccessScenarios(const Sizes& sizes, std::vector<Scenario>& scenarios) {
  const std::uint64_t rows = sizes.stored.front();
  const std::string name = "resolve-access/" + CountName(rows);
  scenarios.push_back({name,
                       "random hits on records with a template of public and granted items; "
                       "baseline: the same content without a template",
                       [name, rows](BenchRun& run) { return RunAccess(run, name, rows); }});
}

}  // namespace idnode::bench
