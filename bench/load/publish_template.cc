#include "bench/load/publish_template.h"

#include <chrono>
#include <string>

#include <google/protobuf/util/json_util.h>
#include <grpcpp/grpcpp.h>

#include "bench/load/data_set.h"
#include "bench/load/register_session.h"
#include "idnode/v1/template.grpc.pb.h"
#include "node/model/template_forms.h"

namespace idnode::bench {
namespace {

constexpr std::chrono::seconds kDeadline{30};
constexpr const char* kSecondaryPrefix = "88.108";

void Prepare(const NodeProcess& node, grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kDeadline);
  context.AddMetadata("authorization", "Bearer " + node.token());
}

}  // namespace

Result<void> PublishTemplate(NodeProcess& node, const DataTemplate& content) {
  v1::PutTemplateRequest put;
  put.set_owner(kSecondaryPrefix);
  put.set_name(std::string(kTemplateName));
  const auto read = google::protobuf::util::JsonStringToMessage(
      ToJsonSchema(content, kTemplateName, 1), put.mutable_schema());
  if (!read.ok()) return Error(Errc::kInternal, "the template: " + read.ToString());
  const auto stub = v1::TemplateService::NewStub(OwnChannel(node.grpc_target()));
  grpc::ClientContext putting;
  Prepare(node, putting);
  v1::PutTemplateResponse made;
  if (const auto status = stub->PutTemplate(&putting, put, &made); !status.ok()) {
    return Error(Errc::kUnavailable, "PutTemplate: " + status.error_message());
  }
  v1::TemplateName name;
  name.set_owner(kSecondaryPrefix);
  name.set_name(std::string(kTemplateName));
  name.set_version(1);
  grpc::ClientContext publishing;
  Prepare(node, publishing);
  v1::PublishTemplateResponse published;
  if (const auto status = stub->PublishTemplate(&publishing, name, &published); !status.ok()) {
    return Error(Errc::kUnavailable, "PublishTemplate: " + status.error_message());
  }
  return {};
}

}  // namespace idnode::bench
