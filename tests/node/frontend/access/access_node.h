#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "node/frontend/grpc/grpc_frontend.h"
#include "node/frontend/http/http_frontend.h"
#include "tests/node/frontend/fake_ledger.h"
#include "tests/node/frontend/http/http_client.h"
#include "tests/node/service/test_node.h"

namespace idnode::frontend::testing {

/// Who asks in a table of rights. "Own" and "foreign" are seen from the enterprise that all the
/// tables' objects belong to.
enum class Asker : std::uint8_t {
  kAnonymous,
  kOwnApplication,
  kForeignApplication,
  kOwnAdministrator,
  kForeignAdministrator,
  kAuditor,
  kOperator,
};
inline constexpr std::size_t kAskers = 7;
std::string_view AskerName(Asker asker);

/// What a call says. 'Y' done, 'A' unauthenticated, 'D' denied; anything else is the slug.
struct Verdict {
  std::string letter;
  std::string body;  ///< JSON; of gRPC too
};

/// A request over gRPC as JSON.
struct RpcRequest {
  std::string method;  ///< "EnterpriseService.CreateEnterprise"
  std::string json;
};
struct HttpRequest {
  std::string method;
  std::string target;
  std::string body;  ///< JSON
};

/// One node behind gRPC and HTTP, with two enterprises, an application and an administrator of
/// each, an auditor and the operator. Prefix 88.108.1001 is the own enterprise's, 88.108.2002 the
/// foreign one's; 88.108.1001/SN1 is registered.
///
/// In texts of requests, $ROLE is a digit for the asker, $OWN and $OTHER are the enterprises'
/// credit codes, $NEW is one that no enterprise has yet, $ID is the last `"id"` that an operator's
/// request was answered with.
class AccessNode {
 public:
  AccessNode();
  ~AccessNode();

  Verdict Ask(Asker asker, const RpcRequest& request);
  Verdict Ask(Asker asker, const HttpRequest& request);
  /// The same of the SNMS-compatible face: the status of its envelope, or of an item's.
  Verdict AskSnms(Asker asker, const HttpRequest& request);
  /// What must be there before: by the operator; a failure is a test's failure. A request over
  /// HTTP is one of the SNMS-compatible face.
  void Prepare(Asker on_behalf_of, const RpcRequest& request);
  void Prepare(Asker on_behalf_of, const HttpRequest& request);

  const std::string& Token(Asker asker) const { return tokens_[static_cast<std::size_t>(asker)]; }
  std::uint16_t http_port() const { return http_->Port(); }
  service::TestNode& node() { return node_; }

 private:
  std::string Fill(std::string text, Asker asker) const;
  http::testing::Answer Send(Asker asker, const HttpRequest& request);
  std::string NewApplication(const std::string& name, service::Role role,
                             const std::string& enterprise, std::vector<std::string> prefixes);
  std::string NewAdministrator(const std::string& name, const std::string& enterprise);

  FakeLedger ledger_;
  service::TestNode node_;
  std::string own_;
  std::string other_;
  std::string last_id_;
  std::array<std::string, kAskers> tokens_;
  std::unique_ptr<GrpcFrontend> grpc_;
  std::unique_ptr<HttpFrontend> http_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace idnode::frontend::testing
