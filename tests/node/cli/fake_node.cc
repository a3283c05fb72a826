#include "tests/node/cli/fake_node.h"

#include <chrono>
#include <utility>

#include <grpcpp/health_check_service_interface.h>

#include "node/base/check.h"
#include "node/base/clock.h"
#include "node/base/text.h"

namespace idnode::cli {
namespace {

constexpr std::chrono::seconds kStartPatience{30};

std::string Folded(const std::string& identifier) {
  std::string folded;
  AppendAsciiFolded(folded, identifier);
  return folded;
}

std::string ContentOf(const v1::RegisterItem& item) {
  std::string content = item.object_class() + "\n" + item.template_() + "\n";
  for (const v1::Value& value : item.values()) content += value.SerializeAsString() + "\n";
  return content;
}

std::string ContentOf(const v1::Record& record) {
  v1::RegisterItem item;
  item.set_object_class(record.object_class());
  item.set_template_(record.template_());
  *item.mutable_values() = record.values();
  return ContentOf(item);
}

grpc::Status NotFound(grpc::ServerContext* context) {
  context->AddTrailingMetadata("idnode-error", "identifier-not-found");
  context->AddTrailingMetadata("idnode-field", "identifier");
  return {grpc::StatusCode::NOT_FOUND, "no such identifier"};
}

}  // namespace

FakeNode::FakeNode()
    : administration_([this](grpc::ServerContext* context) { return Admit(context); }) {
  grpc::EnableDefaultHealthCheckService(true);
  Start();
}

FakeNode::~FakeNode() { Stop(); }

void FakeNode::Start() {
  // Started again on its port, it may find that another process's connection has it for a moment.
  const SystemClock clock;
  for (const Deadline end = clock.After(kStartPatience); !server_ && clock.Monotonic() < end;) {
    grpc::ServerBuilder builder;
    int bound = 0;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port_),
                             grpc::InsecureServerCredentials(), &bound);
    builder.RegisterService(static_cast<v1::RegistrationService::Service*>(this));
    builder.RegisterService(static_cast<v1::ResolutionService::Service*>(this));
    builder.RegisterService(static_cast<v1::VolumeService::Service*>(this));
    builder.RegisterService(static_cast<v1::AccessService::Service*>(&administration_));
    builder.RegisterService(static_cast<v1::EnterpriseService::Service*>(&administration_));
    builder.RegisterService(static_cast<v1::PrefixService::Service*>(&administration_));
    builder.RegisterService(static_cast<v1::TemplateService::Service*>(&administration_));
    builder.RegisterService(static_cast<v1::AuditService::Service*>(&administration_));
    builder.RegisterService(static_cast<v1::LedgerService::Service*>(this));
    server_ = builder.BuildAndStart();
    if (server_) port_ = bound;
  }
  IDNODE_CHECK(server_ != nullptr);
}

void FakeNode::Stop() {
  if (!server_) return;
  server_->Shutdown(gpr_now(GPR_CLOCK_REALTIME));  // cancels what is under way
  server_->Wait();
  server_.reset();
}

void FakeNode::Overload(int batches, std::uint32_t retry_after_ms) {
  const std::lock_guard lock(mutex_);
  overloads_left_ = batches;
  retry_after_ms_ = retry_after_ms;
}

void FakeNode::BreakAtBatch(int n) {
  const std::lock_guard lock(mutex_);
  break_at_ = batches_ + n;
}

void FakeNode::Undetermine(int batches) {
  const std::lock_guard lock(mutex_);
  undetermine_left_ = batches;
}

void FakeNode::RefuseWith(grpc::Status status, std::string slug) {
  const std::lock_guard lock(mutex_);
  refusal_ = std::move(status);
  refusal_slug_ = std::move(slug);
}

void FakeNode::OnBatch(std::function<void(int)> seen) {
  const std::lock_guard lock(mutex_);
  seen_ = std::move(seen);
}

void FakeNode::RequireToken(std::string token) {
  const std::lock_guard lock(mutex_);
  token_ = std::move(token);
}

std::size_t FakeNode::records() const {
  const std::lock_guard lock(mutex_);
  return records_.size();
}

int FakeNode::batches() const {
  const std::lock_guard lock(mutex_);
  return batches_;
}

int FakeNode::overloads() const {
  const std::lock_guard lock(mutex_);
  return overloads_;
}

std::vector<std::string> FakeNode::request_ids() const {
  const std::lock_guard lock(mutex_);
  return request_ids_;
}

grpc::Status FakeNode::Admit(grpc::ServerContext* context) const {
  const std::lock_guard lock(mutex_);
  if (!refusal_.ok()) {
    if (!refusal_slug_.empty()) context->AddTrailingMetadata("idnode-error", refusal_slug_);
    return refusal_;
  }
  if (token_.empty()) return grpc::Status::OK;
  const auto& metadata = context->client_metadata();
  const auto found = metadata.find("authorization");
  if (found != metadata.end() && found->second == "Bearer " + token_) return grpc::Status::OK;
  context->AddTrailingMetadata("idnode-error", "unauthenticated");
  return {grpc::StatusCode::UNAUTHENTICATED, "a valid token is needed"};
}

void FakeNode::RegisterLocked(const v1::BatchRegisterRequest& request,
                              v1::BatchRegisterResponse& response) {
  const auto stored = answers_.find(request.request_id());
  if (!request.request_id().empty() && stored != answers_.end()) {
    response = stored->second;
    return;
  }
  response.set_request_id(request.request_id());
  for (const v1::RegisterItem& item : request.items()) {
    v1::ItemResult& result = *response.add_results();
    result.set_identifier(item.identifier());
    if (item.identifier().find(' ') != std::string::npos) {
      result.set_outcome(v1::REJECTED);
      result.set_reason("invalid-identifier");
      result.set_field("identifier");
      result.set_detail("a space");
      continue;
    }
    const auto [record, is_new] = records_.try_emplace(Folded(item.identifier()));
    if (!is_new) {
      result.set_outcome(ContentOf(record->second) == ContentOf(item) ? v1::UNCHANGED
                                                                      : v1::CONFLICT);
      continue;
    }
    record->second.set_identifier(item.identifier());
    record->second.set_state(v1::ACTIVE);
    record->second.set_object_class(item.object_class());
    record->second.set_template_(item.template_());
    *record->second.mutable_values() = item.values();
    result.set_outcome(v1::REGISTERED);
  }
  if (!request.request_id().empty()) answers_[request.request_id()] = response;
}

grpc::Status FakeNode::BatchRegister(grpc::ServerContext* context,
                                     const v1::BatchRegisterRequest* request,
                                     v1::BatchRegisterResponse* response) {
  if (auto refused = Admit(context); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  RegisterLocked(*request, *response);
  return grpc::Status::OK;
}

grpc::Status FakeNode::RegisterStream(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::BatchRegisterResponse, v1::BatchRegisterRequest>* stream) {
  if (auto refused = Admit(context); !refused.ok()) return refused;
  v1::BatchRegisterRequest request;
  while (stream->Read(&request)) {
    v1::BatchRegisterResponse response;
    std::function<void(int)> seen;
    int number = 0;
    {
      const std::lock_guard lock(mutex_);
      number = ++batches_;
      seen = seen_;
      request_ids_.push_back(request.request_id());
      if (overloads_left_ > 0) {
        --overloads_left_;
        ++overloads_;
        response.set_request_id(request.request_id());
        response.mutable_error()->set_slug("overloaded");
        response.mutable_error()->set_detail("the queue is full");
        response.mutable_error()->set_retry_after_ms(retry_after_ms_);
      } else {
        RegisterLocked(request, response);
        if (number == break_at_) return {grpc::StatusCode::UNAVAILABLE, "broken"};
        if (undetermine_left_ > 0) {
          --undetermine_left_;
          for (int i = 1; i < response.results_size(); i += 2) {
            response.mutable_results(i)->set_outcome(v1::UNDETERMINED);
            response.mutable_results(i)->set_reason("undetermined");
          }
        }
      }
    }
    if (seen) seen(number);
    if (!stream->Write(response)) break;
  }
  return grpc::Status::OK;
}

grpc::Status FakeNode::Delete(grpc::ServerContext* context, const v1::DeleteRequest* request,
                              v1::DeleteResponse* response) {
  if (auto refused = Admit(context); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  for (const v1::DeleteItem& item : request->items()) {
    v1::ItemResult& result = *response->add_results();
    result.set_identifier(item.identifier());
    result.set_outcome(records_.erase(Folded(item.identifier())) > 0 ? v1::DELETED : v1::NOT_FOUND);
  }
  return grpc::Status::OK;
}

grpc::Status FakeNode::Resolve(grpc::ServerContext* context, const v1::ResolveRequest* request,
                               v1::ResolveResponse* response) {
  if (auto refused = Admit(context); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(Folded(request->identifier()));
  if (found == records_.end()) return NotFound(context);
  *response->mutable_record() = found->second;
  return grpc::Status::OK;
}

grpc::Status FakeNode::BatchResolve(grpc::ServerContext* context,
                                    const v1::BatchResolveRequest* request,
                                    v1::BatchResolveResponse* response) {
  if (auto refused = Admit(context); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  for (const std::string& identifier : request->identifiers()) {
    v1::ResolveResult& result = *response->add_results();
    result.set_identifier(identifier);
    const auto found = records_.find(Folded(identifier));
    if (found == records_.end()) {
      result.set_reason("identifier-not-found");
    } else {
      *result.mutable_record() = found->second;
    }
  }
  return grpc::Status::OK;
}

grpc::Status FakeNode::ListIdentifiers(grpc::ServerContext* context,
                                       const v1::ListIdentifiersRequest* request,
                                       v1::ListIdentifiersResponse* response) {
  if (auto refused = Admit(context); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  const std::string prefix = Folded(request->prefix()) + "/";
  auto at = records_.lower_bound(request->page_token().empty() ? prefix : request->page_token());
  for (; at != records_.end() && at->first.compare(0, prefix.size(), prefix) == 0; ++at) {
    if (response->identifiers_size() == static_cast<int>(request->page_size())) {
      response->set_next_page_token(at->first);
      break;
    }
    *response->add_identifiers() = at->second;
  }
  return grpc::Status::OK;
}

grpc::Status FakeNode::GetVolume(grpc::ServerContext* context, const v1::GetVolumeRequest* request,
                                 v1::Volume* response) {
  if (auto refused = Admit(context); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  response->set_month(request->month().empty() ? "2026-11" : request->month());
  response->set_time_zone("Asia/Shanghai");
  response->set_first_ever(static_cast<std::int64_t>(records_.size()));
  response->set_target(1'000);
  if (request->group_by() == "day") {
    v1::VolumeGroup& group = *response->add_groups();
    group.set_key("2026-11-22");
    group.set_first_ever(response->first_ever());
  }
  return grpc::Status::OK;
}

grpc::Status FakeNode::GetStatement(grpc::ServerContext* context,
                                    const v1::GetStatementRequest* request,
                                    v1::Statement* response) {
  if (auto refused = Admit(context); !refused.ok()) return refused;
  response->set_month(request->month().empty() ? "2026-11" : request->month());
  response->set_status(request->month().empty() ? v1::PROVISIONAL : v1::FINAL);
  response->set_time_zone("Asia/Shanghai");
  response->set_origin("idnode.example");
  response->set_note("a statement\n\n— idnode.example AAAAAAA=\n");
  response->mutable_tree_end()->set_size(15'000'001);
  response->set_first_ever(15'000'001);
  response->set_target(15'000'000);
  response->set_target_met(true);
  v1::StatementBreakdown& breakdown = *response->add_breakdowns();
  breakdown.set_name("enterprise-prefix");
  breakdown.add_groups()->set_first_ever(15'000'001);
  v1::Evidence& evidence = *response->add_evidence();
  evidence.set_name("share-never-resolved");
  evidence.set_value("0.1\x1b");
  return grpc::Status::OK;
}

grpc::Status FakeNode::Recount(grpc::ServerContext* context, const v1::RecountRequest* request,
                               grpc::ServerWriter<v1::RecountProgress>* writer) {
  if (auto refused = Admit(context); !refused.ok()) return refused;
  if (request->month().empty()) {
    context->AddTrailingMetadata("idnode-error", "invalid-request");
    return {grpc::StatusCode::INVALID_ARGUMENT, "a month is needed"};
  }
  v1::RecountProgress progress;
  progress.set_shards(2);
  progress.set_shards_done(1);
  writer->Write(progress);
  v1::RecountReport& report = *progress.mutable_report();
  report.set_month(request->month());
  report.set_equal(request->month() != "2026-10");
  report.set_records(3);
  if (!report.equal()) {
    v1::RecountDifference& difference = *report.add_differences();
    difference.set_dimension("total");
    difference.set_figure("firstEver");
    difference.set_counted(4);
    difference.set_recounted(3);
  }
  writer->Write(progress);
  return grpc::Status::OK;
}

}  // namespace idnode::cli
