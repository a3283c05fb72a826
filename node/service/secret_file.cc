#include "node/service/secret_file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/text.h"

namespace idnode::service {
namespace {

constexpr std::size_t kRandomBytes = 32;  // from the system's generator

Error SystemError(const std::string& what, const std::string& path) {
  return Error(Errc::kUnavailable, what + " " + path + ": " + std::strerror(errno));
}

// Makes what was done to names in a directory last.
Result<void> SyncDirectoryOf(const std::string& path) {
  const std::string directory = path.substr(0, path.rfind('/'));
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return SystemError("cannot open", directory);
  const bool synced = ::fsync(fd) == 0;
  ::close(fd);
  if (!synced) return SystemError("cannot sync", directory);
  return {};
}

// Whether the open file is this user's alone.
Result<void> CheckOwner(int file, const std::string& path, std::string_view what) {
  struct stat info {};
  if (::fstat(file, &info) != 0) return SystemError("cannot read", path);
  if (!S_ISREG(info.st_mode)) {
    return Error(Errc::kInvalidRequest, path + " is not a file; remove it to have one made");
  }
  if (info.st_uid != ::geteuid()) {
    return Error(Errc::kInvalidRequest, path + " belongs to user " + std::to_string(info.st_uid) +
                                            ", who would know the " + std::string(what) +
                                            "; chown it");
  }
  if ((info.st_mode & 077) != 0) {
    return Error(Errc::kInvalidRequest,
                 path + " is open to others; make it private with chmod 600");
  }
  return {};
}

Result<void> Write(const std::string& path, const std::string& text) {
  // Whole or not at all: a crash in between leaves the name below, which goes at the next start.
  const std::string temporary = path + ".new";
  if (::unlink(temporary.c_str()) != 0 && errno != ENOENT) {
    return SystemError("cannot remove", temporary);
  }
  const int file =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return SystemError("cannot create", temporary);
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fchmod(file, 0600) == 0 && ::fsync(file) == 0;
  ::close(file);
  if (!written || ::rename(temporary.c_str(), path.c_str()) != 0)
    return SystemError("cannot write", path);
  return SyncDirectoryOf(path);
}

}  // namespace

Result<std::string> ReadOrMakeSecret(const std::string& path, std::string_view start,
                                     std::string_view what) {
  // Without waiting: a pipe of that name must not hold the start.
  const int existing = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (existing >= 0) {
    std::string text(kSecretBytesMax, '\0');
    const Result<void> checked = CheckOwner(existing, path, what);
    const ssize_t size = ::read(existing, text.data(), text.size());
    ::close(existing);
    if (!checked.ok()) return checked.error();
    if (size < 0) return SystemError("cannot read", path);
    text.resize(static_cast<std::size_t>(size));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    if (text.size() < kSecretBytesMin) {
      return Error(Errc::kInvalidRequest,
                   path + " holds no " + std::string(what) + "; remove it to have one made");
    }
    return text;
  }
  if (errno != ENOENT) return SystemError("cannot open", path);
  std::string secret = std::string(start) + Base64Url(SecureRandom(kRandomBytes));
  IDNODE_RETURN_IF_ERROR(Write(path, secret + "\n"));
  return secret;
}

}  // namespace idnode::service
