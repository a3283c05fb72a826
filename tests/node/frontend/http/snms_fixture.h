#pragma once

#include <string>
#include <string_view>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "node/service/actor.h"
#include "tests/node/frontend/http/http_node.h"

namespace idnode::frontend::http::testing {

namespace json = boost::json;

/// A node with enterprises, spoken to as old clients do: JSON in, envelope out.
class SnmsTest : public ::testing::Test {
 protected:
  static constexpr std::string_view kPrefix = "88.108.2001";
  static constexpr std::string_view kOtherPrefix = "88.108.2002";
  static constexpr std::string_view kPassword = "correct horse battery";

  SnmsTest();

  /// The body of the answer, which must be HTTP 200. `token` empty: not logged in.
  json::object Ask(std::string_view method, std::string_view target, const std::string& body = {},
                   std::string_view token = {});
  json::object AsOperator(std::string_view method, std::string_view target,
                          const std::string& body = {}) {
    return Ask(method, target, body, node_.operator_token());
  }
  /// "1 success", "-2 标识已存在": status and message.
  static std::string Outcome(const json::object& answer);

  service::Actor OperatorActor() const;
  Deadline Soon() { return node_.clock().After(std::chrono::seconds(60)); }
  /// A credit code with right check characters, another for each `n` below 1000.
  static std::string CreditCode(unsigned n);
  /// The body of ent/apply for an enterprise with a prefix and an administrator who logs in with
  /// kPassword. `licence`: the id of an upload.
  static json::object Application(unsigned n, std::string_view prefix, std::string_view user,
                                  std::int64_t licence);
  std::int64_t Upload(std::string_view content = "\x89PNG\r\n\x1a\n licence");
  json::object UploadAnswer(std::string_view content, std::string_view token);
  /// Applies, and moves the prefix through audit to active.
  void Admit(unsigned n, std::string_view prefix, std::string_view user);
  void Activate(std::string_view prefix);
  /// Logs in; the token.
  std::string Login(std::string_view user, std::string_view password = kPassword);
  /// kPrefix is user "alice"'s, active, with template "1.0": 2000 name (required), 2001 colour.
  std::string AdmitAlice();

  static std::string TemplateBody(std::string_view prefix, std::string_view version,
                                  std::string_view items);
  /// One identifier of kPrefix with a name; further values as JSON, each beginning with a comma.
  static std::string ItemBody(std::string_view suffix, std::string_view name,
                              std::string_view more = {}, std::string_view version = "1.0");

  TemporaryDirectory files_;
  HttpNode node_;
};

}  // namespace idnode::frontend::http::testing
