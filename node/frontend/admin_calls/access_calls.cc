#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "node/frontend/admin_calls/admin_calls.h"
#include "node/frontend/convert/admin_convert.h"
#include "node/frontend/convert/timestamps.h"

namespace idnode::frontend::admin_calls {
namespace {

// A hundred years: what lies beyond would not be meant, and overflow as a time.
constexpr std::uint64_t kSecondsMax = 100ULL * 366 * 24 * 3600;

Result<std::chrono::seconds> ToSeconds(std::uint64_t seconds, const char* field) {
  if (seconds > kSecondsMax) {
    return Error(Errc::kInvalidRequest, "give at most " + std::to_string(kSecondsMax) + " seconds",
                 field);
  }
  return std::chrono::seconds(static_cast<std::int64_t>(seconds));
}

// What was not known when this was compiled is no role, rather than the default.
Result<service::Role> ToKnownRole(v1::Role role, service::Role unspecified) {
  if (role == v1::ROLE_UNSPECIFIED) return unspecified;
  if (v1::Role_IsValid(role)) return ToRole(role);
  return Error(Errc::kInvalidRequest, "no role has the number " + std::to_string(role), "role");
}

template <typename Response>
Result<Response> ApplicationAnswer(const Result<service::ApplicationInfo>& info) {
  if (!info.ok()) return info.error();
  Response response;
  FillApplication(*info, *response.mutable_application());
  return response;
}

template <typename Response>
Result<Response> UserAnswer(const Result<service::UserInfo>& info) {
  if (!info.ok()) return info.error();
  Response response;
  FillUser(*info, *response.mutable_user());
  return response;
}

template <typename Response>
Result<Response> GrantAnswer(const Result<service::GrantInfo>& info) {
  if (!info.ok()) return info.error();
  Response response;
  FillGrant(*info, *response.mutable_grant());
  return response;
}

}  // namespace

Result<v1::CreateApplicationResponse> CreateApplication(const service::Services& services,
                                                        const service::Actor& actor,
                                                        const v1::CreateApplicationRequest& request,
                                                        Deadline deadline) {
  service::NewApplication wanted;
  wanted.name = request.name();
  wanted.prefixes.assign(request.prefixes().begin(), request.prefixes().end());
  wanted.enterprise = request.enterprise();
  const auto role = ToKnownRole(request.role(), service::Role::kApplication);
  if (!role.ok()) return role.error();
  wanted.role = *role;
  const auto expires_in = ToSeconds(request.expires_in_seconds(), "expiresInSeconds");
  if (!expires_in.ok()) return expires_in.error();
  wanted.expires_in = *expires_in;
  const auto created = services.access.CreateApplication(actor, wanted, deadline);
  if (!created.ok()) return created.error();
  v1::CreateApplicationResponse response;
  FillApplication(created->first, *response.mutable_application());
  response.set_token(created->second);
  return response;
}

Result<v1::ListApplicationsResponse> ListApplications(const service::Services& services,
                                                      const service::Actor& actor,
                                                      const v1::ListApplicationsRequest& request,
                                                      Deadline) {
  const auto applications = services.access.ListApplications(actor, request.enterprise());
  if (!applications.ok()) return applications.error();
  v1::ListApplicationsResponse response;
  for (const auto& info : *applications) FillApplication(info, *response.add_applications());
  return response;
}

Result<v1::RevokeApplicationResponse> RevokeApplication(const service::Services& services,
                                                        const service::Actor& actor,
                                                        const v1::RevokeApplicationRequest& request,
                                                        Deadline deadline) {
  return ApplicationAnswer<v1::RevokeApplicationResponse>(
      services.access.RevokeApplication(actor, request.name(), deadline));
}

Result<v1::CreateTokenResponse> CreateToken(const service::Services& services,
                                            const service::Actor& actor,
                                            const v1::CreateTokenRequest& request,
                                            Deadline deadline) {
  const auto expires_in = ToSeconds(request.expires_in_seconds(), "expiresInSeconds");
  if (!expires_in.ok()) return expires_in.error();
  const auto overlap = ToSeconds(request.overlap_seconds(), "overlapSeconds");
  if (!overlap.ok()) return overlap.error();
  const auto made = services.access.CreateToken(actor, request.name(), *expires_in,
                                                request.rotate(), *overlap, deadline);
  if (!made.ok()) return made.error();
  v1::CreateTokenResponse response;
  FillApplication(made->application, *response.mutable_application());
  response.set_token(made->token);
  response.set_id(made->id);
  return response;
}

Result<v1::RevokeTokenResponse> RevokeToken(const service::Services& services,
                                            const service::Actor& actor,
                                            const v1::RevokeTokenRequest& request,
                                            Deadline deadline) {
  return ApplicationAnswer<v1::RevokeTokenResponse>(
      services.access.RevokeToken(actor, request.name(), request.id(), deadline));
}

Result<v1::BindCertificateResponse> BindCertificate(const service::Services& services,
                                                    const service::Actor& actor,
                                                    const v1::BindCertificateRequest& request,
                                                    Deadline deadline) {
  return ApplicationAnswer<v1::BindCertificateResponse>(
      services.access.BindCertificate(actor, request.name(), request.fingerprint(), deadline));
}

Result<v1::UnbindCertificateResponse> UnbindCertificate(const service::Services& services,
                                                        const service::Actor& actor,
                                                        const v1::UnbindCertificateRequest& request,
                                                        Deadline deadline) {
  return ApplicationAnswer<v1::UnbindCertificateResponse>(
      services.access.UnbindCertificate(actor, request.name(), request.fingerprint(), deadline));
}

Result<v1::CreateUserResponse> CreateUser(const service::Services& services,
                                          const service::Actor& actor,
                                          const v1::CreateUserRequest& request, Deadline deadline) {
  const auto role = ToKnownRole(request.role(), service::Role::kAnonymous);
  if (!role.ok()) return role.error();
  service::UserInfo user;
  user.name = request.name();
  user.role = *role;
  user.enterprise = request.enterprise();
  return UserAnswer<v1::CreateUserResponse>(
      services.admin.users.Create(actor, std::move(user), request.password(), deadline));
}

Result<v1::ListUsersResponse> ListUsers(const service::Services& services,
                                        const service::Actor& actor,
                                        const v1::ListUsersRequest& request, Deadline) {
  const auto users = services.admin.users.List(actor, request.enterprise());
  if (!users.ok()) return users.error();
  v1::ListUsersResponse response;
  for (const auto& info : *users) FillUser(info, *response.add_users());
  return response;
}

Result<v1::SetPasswordResponse> SetPassword(const service::Services& services,
                                            const service::Actor& actor,
                                            const v1::SetPasswordRequest& request,
                                            Deadline deadline) {
  service::Throttle& throttle = services.admin.throttle;
  // The old password of one's own is guessed here as well as by logging in.
  const bool own = !actor.who().user.empty() && actor.who().user == request.name();
  if (own) IDNODE_RETURN_IF_ERROR(throttle.AdmitLogin(actor.source, request.name()));
  const auto changed = services.admin.users.SetPassword(actor, request.name(), request.password(),
                                                        request.old_password(), deadline);
  if (own && changed.code() == Errc::kUnauthenticated) {
    throttle.LoginFailed(actor.source, request.name());
  }
  if (own && changed.ok()) throttle.LoginSucceeded(actor.source, request.name());
  return UserAnswer<v1::SetPasswordResponse>(changed);
}

Result<v1::DisableUserResponse> DisableUser(const service::Services& services,
                                            const service::Actor& actor,
                                            const v1::DisableUserRequest& request,
                                            Deadline deadline) {
  return UserAnswer<v1::DisableUserResponse>(
      services.admin.users.Disable(actor, request.name(), !request.enable(), deadline));
}

Result<v1::LoginResponse> Login(const service::Services& services, const service::Actor& actor,
                                const v1::LoginRequest& request, Deadline) {
  service::Throttle& throttle = services.admin.throttle;
  IDNODE_RETURN_IF_ERROR(throttle.AdmitLogin(actor.source, request.name()));
  const auto session = services.admin.users.Login(actor, request.name(), request.password());
  if (!session.ok()) {
    if (session.code() == Errc::kUnauthenticated) {
      throttle.LoginFailed(actor.source, request.name());
    }
    return session.error();
  }
  throttle.LoginSucceeded(actor.source, request.name());
  v1::LoginResponse response;
  response.set_token(session->token);
  SetTime(session->expires_ms, *response.mutable_expires_at());
  FillUser(session->user, *response.mutable_user());
  return response;
}

Result<v1::CreateGrantResponse> CreateGrant(const service::Services& services,
                                            const service::Actor& actor,
                                            const v1::CreateGrantRequest& request,
                                            Deadline deadline) {
  return GrantAnswer<v1::CreateGrantResponse>(
      services.admin.grants.Create(actor, ToGrant(request.grant()), deadline));
}

Result<v1::RevokeGrantResponse> RevokeGrant(const service::Services& services,
                                            const service::Actor& actor,
                                            const v1::RevokeGrantRequest& request,
                                            Deadline deadline) {
  return GrantAnswer<v1::RevokeGrantResponse>(
      services.admin.grants.Revoke(actor, request.prefix(), request.id(), deadline));
}

Result<v1::ListGrantsResponse> ListGrants(const service::Services& services,
                                          const service::Actor& actor,
                                          const v1::ListGrantsRequest& request, Deadline) {
  const auto grants = services.admin.grants.List(actor, request.prefix());
  if (!grants.ok()) return grants.error();
  v1::ListGrantsResponse response;
  for (const auto& info : *grants) FillGrant(info, *response.add_grants());
  return response;
}

}  // namespace idnode::frontend::admin_calls
