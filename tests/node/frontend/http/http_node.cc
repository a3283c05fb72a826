#include "tests/node/frontend/http/http_node.h"

#include <fstream>
#include <utility>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "node/base/check.h"

namespace idnode::frontend::http::testing {
namespace {

service::TestNodeOptions Admitting(service::TestNodeOptions options, bool on_first_use) {
  options.prefixes.admit_on_first_use = on_first_use;
  return options;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "idnode-http-XXXXXX").string();
  IDNODE_CHECK(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::path(const std::string& name) const {
  return name.empty() ? path_.string() : (path_ / name).string();
}

HttpNode::HttpNode(HttpOptions options, bool admit_on_first_use, service::LedgerService* ledger,
                   service::TestNodeOptions node_options)
    : node_(Admitting(std::move(node_options), admit_on_first_use)) {
  node_.registration->SetLedger(ledger);
  const service::Services of_node = node_.services();
  services_ = std::make_unique<service::Services>(service::Services{
      of_node.access, of_node.prefixes, of_node.registration, of_node.resolution, of_node.volume,
      of_node.clock_guard, of_node.clock, *metrics_, state_, of_node.admin, ledger});
  std::ifstream(node_.data_dir + "/operator.token") >> operator_token_;
  if (options.io_threads == 0) options.io_threads = 2;
  frontend_ = std::make_unique<HttpFrontend>(std::move(options), *services_);
  const auto started = frontend_->Start();
  IDNODE_CHECK(started.ok());
}

HttpNode::~HttpNode() { frontend_->Stop(); }

std::string HttpNode::NewApplication(const std::string& name, const std::string& prefix,
                                     const std::string& enterprise) {
  service::NewApplication wanted;
  wanted.name = name;
  wanted.prefixes = {prefix};
  wanted.enterprise = enterprise;
  const auto made = node_.access->CreateApplication(node_.Operator(), wanted, node_.Soon());
  IDNODE_CHECK(made.ok());
  return made->second;
}

void HttpNode::Register(const std::string& items) {
  const Answer answer =
      AskAsOperator("POST", "/v1/identifiers:batchRegister", "{\"items\":" + items + "}");
  ASSERT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(answer.body.find("\"outcome\":\"REJECTED\""), std::string::npos) << answer.body;
}

Answer HttpNode::Ask(std::string_view method, std::string_view target, std::string_view headers,
                     std::string_view body) {
  Client client(port());
  EXPECT_TRUE(client.Send(RequestText(method, target, headers, body)));
  const auto answer = client.Read(method == "HEAD");
  EXPECT_TRUE(answer.has_value()) << method << " " << target << ": no answer";
  return answer.value_or(Answer());
}

Answer HttpNode::AskAs(std::string_view token, std::string_view method, std::string_view target,
                       std::string_view body) {
  std::string headers = "Authorization: Bearer " + std::string(token) + "\r\n";
  if (!body.empty()) headers += "Content-Type: application/json\r\n";
  return Ask(method, target, headers, body);
}

Answer HttpNode::AskAsOperator(std::string_view method, std::string_view target,
                               std::string_view body) {
  return AskAs(operator_token_, method, target, body);
}

std::string RequestText(std::string_view method, std::string_view target, std::string_view headers,
                        std::string_view body) {
  std::string text;
  text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: node.example\r\n");
  text.append(headers);
  if (!body.empty())
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  return text.append("\r\n").append(body);
}

}  // namespace idnode::frontend::http::testing
