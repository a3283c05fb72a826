#include "tests/node/frontend/access/access_node.h"

#include <fstream>
#include <regex>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "node/base/text.h"
#include "tests/node/frontend/grpc/grpc_node.h"
#include "tests/node/frontend/http/http_node.h"

namespace idnode::frontend::testing {
namespace {

constexpr const char* kPassword = "correct horse battery";

void Replace(std::string& text, std::string_view what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
    text.replace(at, what.size(), with);
    at += with.size();
  }
}

std::string LetterOf(const std::string& slug) {
  if (slug == "unauthenticated") return "A";
  if (slug == "permission-denied") return "D";
  return slug.empty() ? "Y" : slug;
}

// What a call that succeeded says: an item of a batch is refused on its own, and a batch of a
// stream.
std::string LetterOfAnswer(const std::string& body) {
  const std::regex refusal("(?:\"outcome\":\"REJECTED\",\"reason\"|\"slug\"):\"([^\"]+)\"");
  std::smatch reason;
  return std::regex_search(body, reason, refusal) ? LetterOf(reason[1]) : "Y";
}

service::TestNodeOptions Options() {
  service::TestNodeOptions options;
  options.prefixes = {{"88.108"}, false, {}};
  return options;
}

const google::protobuf::MethodDescriptor& MethodOf(const std::string& name) {
  const auto* method =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName("idnode.v1." + name);
  IDNODE_CHECK(method != nullptr);
  return *method;
}

std::unique_ptr<google::protobuf::Message> New(const google::protobuf::Descriptor* type) {
  return std::unique_ptr<google::protobuf::Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
}

}  // namespace

std::string_view AskerName(Asker asker) {
  constexpr std::array<std::string_view, kAskers> kNames = {
      "anonymous",         "own application",       "foreign application",
      "own administrator", "foreign administrator", "auditor",
      "operator"};
  return kNames[static_cast<std::size_t>(asker)];
}

AccessNode::AccessNode() : node_(Options()) {
  own_ = node_.AddEnterprise(1);
  other_ = node_.AddEnterprise(2);
  const auto actor = node_.Operator();
  EXPECT_TRUE(node_.prefixes->Admit(actor, "88.108.1001", own_, node_.Soon()).ok());
  EXPECT_TRUE(node_.prefixes->Admit(actor, "88.108.2002", other_, node_.Soon()).ok());
  EXPECT_EQ(node_.Register("88.108.1001/SN1").outcome, service::Outcome::kRegistered);

  const auto token = [this](Asker asker) -> std::string& {
    return tokens_[static_cast<std::size_t>(asker)];
  };
  token(Asker::kOwnApplication) =
      NewApplication("erp", service::Role::kApplication, own_, {"88.108.1001"});
  token(Asker::kForeignApplication) =
      NewApplication("shop", service::Role::kApplication, other_, {"88.108.2002"});
  token(Asker::kOwnAdministrator) = NewAdministrator("alice", own_);
  token(Asker::kForeignAdministrator) = NewAdministrator("bob", other_);
  token(Asker::kAuditor) = NewApplication("regulator", service::Role::kAuditor, {}, {});
  std::ifstream(node_.data_dir + "/operator.token") >> token(Asker::kOperator);

  ledger_.Add("88.108.1001/SN1", {});
  service::Services of_node = node_.services();
  of_node.ledger = &ledger_;
  grpc_ = std::make_unique<GrpcFrontend>(of_node, GrpcOptions());
  http_ = std::make_unique<HttpFrontend>(HttpOptions(), of_node);
  IDNODE_CHECK(grpc_->Start().ok());
  IDNODE_CHECK(http_->Start().ok());
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  channel_ = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(grpc_->Port()),
                                       grpc::InsecureChannelCredentials(), arguments);
}

AccessNode::~AccessNode() {
  http_->Stop();
  grpc_->Stop();
}

std::string AccessNode::NewApplication(const std::string& name, service::Role role,
                                       const std::string& enterprise,
                                       std::vector<std::string> prefixes) {
  service::NewApplication wanted;
  wanted.name = name;
  wanted.role = role;
  wanted.enterprise = enterprise;
  wanted.prefixes = std::move(prefixes);
  const auto made = node_.access->CreateApplication(node_.Operator(), wanted, node_.Soon());
  EXPECT_TRUE(made.ok()) << made.error().detail;
  return made.ok() ? made->second : std::string();
}

std::string AccessNode::NewAdministrator(const std::string& name, const std::string& enterprise) {
  service::UserInfo user;
  user.name = name;
  user.role = service::Role::kEnterpriseAdministrator;
  user.enterprise = enterprise;
  const auto made = node_.users->Create(node_.Operator(), user, kPassword, node_.Soon());
  EXPECT_TRUE(made.ok()) << made.error().detail;
  const auto session = node_.users->Login(node_.Stranger(), name, kPassword);
  EXPECT_TRUE(session.ok()) << session.error().detail;
  return session.ok() ? session->token : std::string();
}

std::string AccessNode::Fill(std::string text, Asker asker) const {
  const auto role = static_cast<unsigned>(asker);
  Replace(text, "$ROLE", std::to_string(role));
  Replace(text, "$OWN", own_);
  Replace(text, "$OTHER", other_);
  Replace(text, "$NEW", service::TestCreditCode(100 + role));
  Replace(text, "$ID", last_id_);
  return text;
}

Verdict AccessNode::Ask(Asker asker, const RpcRequest& request) {
  const auto& method = MethodOf(request.method);
  const auto message = New(method.input_type());
  const auto parsed =
      google::protobuf::util::JsonStringToMessage(Fill(request.json, asker), message.get());
  EXPECT_TRUE(parsed.ok()) << request.method << ": " << parsed.ToString();
  grpc::ClientContext context;
  if (!Token(asker).empty()) GrpcNode::Authorize(context, Token(asker));
  const std::string path = "/" + method.service()->full_name() + "/" + method.name();
  std::string bytes;
  const bool streams = method.client_streaming() || method.server_streaming();
  const auto status = streams
                          ? StreamRaw(channel_, context, path, message->SerializeAsString(), bytes)
                          : CallRaw(channel_, context, path, message->SerializeAsString(), bytes);
  if (!status.ok()) {
    const std::string slug = ErrorOf(context).slug;
    return {LetterOf(slug.empty() ? "without a slug" : slug), status.error_message()};
  }
  const auto answer = New(method.output_type());
  EXPECT_TRUE(answer->ParseFromString(bytes)) << request.method;
  Verdict verdict;
  (void)google::protobuf::util::MessageToJsonString(*answer, &verdict.body);
  verdict.letter = LetterOfAnswer(verdict.body);
  return verdict;
}

http::testing::Answer AccessNode::Send(Asker asker, const HttpRequest& request) {
  std::string headers;
  if (!Token(asker).empty()) headers = "Authorization: Bearer " + Token(asker) + "\r\n";
  http::testing::Client client(http_port());
  EXPECT_TRUE(client.Send(http::testing::RequestText(request.method, Fill(request.target, asker),
                                                     headers, Fill(request.body, asker))));
  const auto answer = client.Read();
  EXPECT_TRUE(answer.has_value()) << request.target;
  return answer.value_or(http::testing::Answer());
}

Verdict AccessNode::Ask(Asker asker, const HttpRequest& request) {
  const auto answer = Send(asker, request);
  if (answer.status < 400) return {LetterOfAnswer(answer.body), answer.body};
  std::smatch slug;
  const std::regex problem("\"urn:idnode:error:([^\"]+)\"");
  const bool found = std::regex_search(answer.body, slug, problem);
  return {LetterOf(found ? slug[1].str() : std::to_string(answer.status)), answer.body};
}

Verdict AccessNode::AskSnms(Asker asker, const HttpRequest& request) {
  const auto answer = Send(asker, request);
  EXPECT_EQ(answer.status, 200) << request.target << ": " << answer.body;
  // Items of batches are refused on their own; a resolution has no envelope.
  std::string letter = "Y";
  const std::regex refusal("\"(?:status|code)\":(-[0-9])");
  std::smatch status;
  if (std::regex_search(answer.body, status, refusal)) {
    letter = status[1] == "-1" ? "A" : status[1] == "-3" ? "D" : status[1].str();
  }
  return {letter, answer.body};
}

void AccessNode::Prepare(Asker on_behalf_of, const RpcRequest& request) {
  const RpcRequest filled{request.method, Fill(request.json, on_behalf_of)};
  const Verdict verdict = Ask(Asker::kOperator, filled);
  EXPECT_EQ(verdict.letter, "Y") << request.method << " " << filled.json << ": " << verdict.body;
  std::smatch id;
  if (std::regex_search(verdict.body, id, std::regex("\"id\":\"([^\"]+)\""))) last_id_ = id[1];
}

void AccessNode::Prepare(Asker on_behalf_of, const HttpRequest& request) {
  const HttpRequest filled{request.method, Fill(request.target, on_behalf_of),
                           Fill(request.body, on_behalf_of)};
  const Verdict verdict = AskSnms(Asker::kOperator, filled);
  EXPECT_EQ(verdict.letter, "Y") << filled.target << " " << filled.body << ": " << verdict.body;
}

}  // namespace idnode::frontend::testing
