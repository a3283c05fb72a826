// Logging in: a name and a password for a token that lives a day.
#include <utility>

#include "node/frontend/http/snms/call.h"

namespace idnode::frontend::http::snms {
namespace {

constexpr std::size_t kNameCharactersMax = 64;
constexpr std::size_t kPasswordCharactersMax = 256;

struct Credentials {
  std::string name;
  std::string password;
};

Result<Credentials> ReadCredentials(const Call& call) {
  const auto body = ParseObject(call.request->body, kLoginBodyBytesMax);
  if (!body.ok()) return body.error();
  auto name = RequiredText(*body, "username", "username", kNameCharactersMax);
  if (!name.ok()) return name.error();
  auto password = RequiredText(*body, "password", "password", kPasswordCharactersMax);
  if (!password.ok()) return password.error();
  return Credentials{*std::move(name), *std::move(password)};
}

Result<void> AdmitLogin(const Context& context, const Call& call, const Credentials& given) {
  return context.services.admin.throttle.AdmitLogin(call.request->source, given.name);
}

Result<Reply> LoggedIn(const Context& context, const Call& call, const service::Session& session) {
  context.services.admin.throttle.LoginSucceeded(call.request->source, session.user.name);
  const std::int64_t left_ms = session.expires_ms - context.services.clock.WallMs();
  std::string data;
  ObjectJson object(data);
  object.Text("token", session.token)
      .Number("expire", (left_ms + 999) / 1000)
      .Text("expireDate", BeijingTime(session.expires_ms));
  object.End();
  return Reply::Success(std::move(data));
}

Result<Reply> Failed(const Context& context, const Call& call, const Credentials& given,
                     const Error& error) {
  // A full queue of logins says nothing about the password.
  if (error.code != Errc::kUnauthenticated) return error;
  context.services.admin.throttle.LoginFailed(call.request->source, given.name);
  return Refusal("用户名/密码错误！");
}

}  // namespace

Result<Reply> Login(const Context& context, const Call& call) {
  const auto given = ReadCredentials(call);
  if (!given.ok()) return given.error();
  IDNODE_RETURN_IF_ERROR(AdmitLogin(context, call, *given));
  // Users of ent/apply too: the store keeps what belongs to the hash of the password.
  const auto session =
      context.services.admin.users.Login(call.actor(), given->name, given->password);
  return session.ok() ? LoggedIn(context, call, *session)
                      : Failed(context, call, *given, session.error());
}

Result<Reply> LoginDaily(const Context& context, const Call& call) {
  const auto given = ReadCredentials(call);
  if (!given.ok()) return given.error();
  IDNODE_RETURN_IF_ERROR(AdmitLogin(context, call, *given));
  const auto session =
      context.services.admin.users.LoginDaily(call.actor(), given->name, given->password);
  if (session.code() == Errc::kPermissionDenied) {
    return Refusal("密文登录未启用，请使用 /identity/token");
  }
  return session.ok() ? LoggedIn(context, call, *session)
                      : Failed(context, call, *given, session.error());
}

}  // namespace idnode::frontend::http::snms
