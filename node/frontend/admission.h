#pragma once

#include <string_view>

#include "node/base/result.h"
#include "node/service/audit_log.h"
#include "node/service/services.h"

namespace idnode::frontend {

/// What a request shows of who sends it.
struct Credential {
  std::string_view token;        ///< without "Bearer "; empty: none was sent
  std::string_view certificate;  ///< SHA-256 fingerprint of the client's; empty: none was shown
};

/// Whether requests of the address are looked at at all. `source()` gives the address as
/// SourceAddress writes it; it is asked only where somebody is watched, since spelling an address
/// out costs more than the rest. Errors: kPermissionDenied, kRateLimited.
template <typename Source>
Result<void> AdmitAddress(const service::Services& services, Source&& source) {
  service::Throttle& throttle = services.admin.throttle;
  if (!throttle.WatchesAddresses()) return {};
  return throttle.AdmitAddress(source());
}

/// Who asks: by the token, else by the certificate, else nobody known. A failure counts against the
/// address, and known identities against their bound. Both faces ask here.
/// Errors: kUnauthenticated, kRateLimited.
template <typename Source>
Result<service::CallerRef> Identify(const service::Services& services, const Credential& credential,
                                    Source&& source) {
  if (credential.token.empty() && credential.certificate.empty()) return service::Anonymous();
  service::Throttle& throttle = services.admin.throttle;
  auto caller = credential.token.empty()
                    ? services.access.AuthenticateCertificate(credential.certificate)
                    : services.access.Authenticate(credential.token);
  if (!caller.ok()) {
    if (caller.code() == Errc::kUnauthenticated) throttle.Failed(source());
    return caller;
  }
  if (throttle.WatchesAddresses()) throttle.Succeeded(source());
  if (throttle.WatchesIdentities()) {
    IDNODE_RETURN_IF_ERROR(throttle.AdmitIdentity(service::WhoIs(**caller)));
  }
  return caller;
}

}  // namespace idnode::frontend
