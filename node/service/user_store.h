#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/service/audit_log.h"
#include "node/service/enterprise_registry.h"
#include "storage/engine.h"

namespace idnode::service {

/// A person who logs in (账号).
struct UserInfo {
  std::string name;              ///< 1 to 64 of [A-Za-z0-9._@-]; case counts
  Role role = Role::kAnonymous;  ///< enterprise administrator, auditor or operator
  std::string enterprise;        ///< credit code; an administrator's only
  bool disabled = false;
  std::int64_t created_ms = 0;
};

struct Session {
  std::string token;  ///< a JWT (RFC 7519, HS256) that only this node reads
  std::int64_t expires_ms = 0;
  UserInfo user;
};

struct UserOptions {
  std::chrono::seconds session{24 * 3600};  ///< life of a login's token, as in the SNMS API
  /// Accept sha256(sha256(password) + yyyy-MM-dd), which whoever hears it can replay all day. The
  /// inner hash is then kept beside scrypt's outcome: whoever reads the store can log in with it,
  /// and can try passwords fast.
  bool allow_daily_hash = false;
  // scrypt (RFC 7914): 2^log_n * r * 128 bytes of memory a try, p times the work.
  unsigned scrypt_log_n = 15;
  unsigned scrypt_r = 8;
  unsigned scrypt_p = 3;
  unsigned logins_at_once_max = 2;  ///< further ones are kOverloaded
};

/// People, their passwords (scrypt at rest) and their sessions. Thread-safe; reads are in memory.
///
/// A session ends with its time, and at once when the user's password is set or the user disabled.
/// scrypt runs over the lower-case hexadecimal SHA-256 of the password, so that a client which
/// knows the password by that hash alone (the SNMS API's `sysUser`) can set it.
class UserStore {
 public:
  UserStore(storage::Engine& engine, AuditLog& audit, const EnterpriseRegistry& enterprises,
            const Clock& clock, UserOptions options);
  ~UserStore();

  /// Reads users, and the key that signs sessions from `data_dir`/session.key, which is created
  /// (mode 0600) where it is missing: all sessions end then. Drops daily hashes from the store
  /// where the option is off. Errors: those of the engine; kInvalidRequest where the file is
  /// another user's, open to others or no key.
  Result<void> Load(const std::string& data_dir);

  /// Operator; an enterprise's administrator for further administrators of it. `password`: 10 to
  /// 256 bytes of UTF-8. Errors: kPermissionDenied, kInvalidRequest (field name, role, enterprise,
  /// password), kAlreadyExists; kOverloaded; those of the audit log. After kUndetermined the user
  /// may exist: it is then listed, and an operator can disable it.
  Result<UserInfo> Create(const Actor& actor, UserInfo user, const std::string& password,
                          Deadline deadline);
  /// As Create, where only the SHA-256 of the password is known (64 hexadecimal digits).
  Result<UserInfo> CreateWithHash(const Actor& actor, UserInfo user,
                                  const std::string& password_sha256, Deadline deadline);
  /// Operator and auditor: all; an administrator: of its enterprise. `enterprise` narrows.
  Result<std::vector<UserInfo>> List(const Actor& actor, const std::string& enterprise) const;
  /// People change their own with the old one; an operator, or their enterprise's administrator,
  /// anybody's. Ends all sessions of the user. Errors: kPermissionDenied, kUnauthenticated (field
  /// oldPassword), kNotFound, kInvalidRequest (field password), kOverloaded; kConflict where the
  /// password was set, or the user disabled, after the old one was compared.
  Result<UserInfo> SetPassword(const Actor& actor, const std::string& name,
                               const std::string& password, const std::string& old_password,
                               Deadline deadline);
  /// Disabling is effective at once, before it is durable and whatever becomes of that, and ends
  /// all sessions; it has 5 s at least, whatever the deadline. Errors: kPermissionDenied,
  /// kNotFound.
  Result<UserInfo> Disable(const Actor& actor, const std::string& name, bool disabled,
                           Deadline deadline);

  /// Checks a name and password; takes some 0.3 s, so not on an I/O thread. The same time and the
  /// same error for a name that is not there. A refusal is in the audit log ("user.login").
  /// Errors: kUnauthenticated, kOverloaded.
  Result<Session> Login(const Actor& actor, const std::string& name, const std::string& password);
  /// The same with the day-replayable hash, 64 hexadecimal digits; the day is today in
  /// Asia/Shanghai. Errors: kPermissionDenied where it is switched off.
  Result<Session> LoginDaily(const Actor& actor, const std::string& name, const std::string& hash);

  /// The caller of a session's token. Errors: kUnauthenticated. In memory; quick.
  Result<CallerRef> CallerOf(std::string_view token) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace idnode::service
