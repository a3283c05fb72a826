#include "node/app/data_directory.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/log.h"

namespace idnode::app {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kLockMode = 0600;
constexpr mode_t kPortsMode = 0644;

Error Failed(const std::string& what, int number) {
  return Error(Errc::kUnavailable, what + ": " + std::strerror(number));
}

/// Creates the directory itself with kDirectoryMode, its parents as the umask says.
Result<void> MakeDirectory(const std::string& path) {
  if (::mkdir(path.c_str(), kDirectoryMode) == 0) return {};
  if (errno == ENOENT) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
    if (error) return Failed("cannot create the directories above " + path, error.value());
    if (::mkdir(path.c_str(), kDirectoryMode) == 0) return {};
  }
  if (errno != EEXIST) return Failed("cannot create the data directory " + path, errno);
  return {};
}

/// Opens the directory and sees to it that it is this user's alone.
Result<void> CheckDirectory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 && errno == ENOTDIR) {
    return Error(Errc::kUnavailable, path + " is not a directory; give another data directory");
  }
  if (fd < 0) return Failed("cannot open the data directory " + path, errno);
  struct stat status {};
  Result<void> checked;
  if (::fstat(fd, &status) != 0) {
    checked = Failed("cannot read " + path, errno);
  } else if (status.st_uid != ::geteuid()) {
    checked = Error(Errc::kInvalidRequest,
                    "the data directory " + path + " belongs to user " +
                        std::to_string(status.st_uid) + ", and idnoded runs as user " +
                        std::to_string(::geteuid()) + "; chown it, or run as its owner");
  } else if ((status.st_mode & 022) != 0) {
    checked = Error(Errc::kInvalidRequest,
                    "others may write to the data directory " + path +
                        ", so nothing in it can be trusted; look through it, then chmod 700");
  } else if ((status.st_mode & 077) != 0) {
    if (::fchmod(fd, kDirectoryMode) != 0) {
      checked = Failed("cannot make the data directory " + path + " private", errno);
    } else {
      LogWarning("data directory was open to others; it is private now", {{"path", path}});
    }
  }
  ::close(fd);
  return checked;
}

std::string HolderText(int lock_fd) {
  std::array<char, 24> text{};
  const ssize_t size = ::pread(lock_fd, text.data(), text.size() - 1, 0);
  std::string holder(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder.empty() ? "another process" : "process " + holder;
}

Result<void> WriteWhole(int fd, const std::string& path, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(fd, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return Failed("cannot write " + path, errno);
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<DataDirectory>> DataDirectory::Open(const std::string& path) {
  // Without its last slash, so that the parent of "a/b/" is "a".
  std::string clean = path;
  while (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  IDNODE_RETURN_IF_ERROR(MakeDirectory(clean));
  IDNODE_RETURN_IF_ERROR(CheckDirectory(clean));

  const std::string lock_path = clean + "/lock";
  const int fd = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kLockMode);
  if (fd < 0) return Failed("cannot open " + lock_path, errno);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int number = errno;
    const std::string holder = HolderText(fd);
    ::close(fd);
    if (number != EWOULDBLOCK) return Failed("cannot lock " + lock_path, number);
    return Error(Errc::kDataDirectoryInUse,
                 "the data directory " + clean + " is in use by " + holder +
                     "; stop it first, or give another directory with --data-dir");
  }
  std::unique_ptr<DataDirectory> directory(new DataDirectory(clean, fd));
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) != 0) return Failed("cannot write " + lock_path, errno);
  IDNODE_RETURN_IF_ERROR(WriteWhole(fd, lock_path, pid));
  directory->RemovePorts();
  return directory;
}

DataDirectory::~DataDirectory() {
  RemovePorts();
  // The lock file stays: removing it would let two processes lock two files of one name.
  ::close(lock_fd_);
}

Result<void> DataDirectory::WritePorts(const Ports& ports) {
  std::string json;
  const std::pair<const char*, std::uint16_t> faces[] = {
      {"http", ports.http}, {"grpc", ports.grpc}, {"admin", ports.admin}};
  for (const auto& [name, port] : faces) {
    if (port == 0) continue;
    json += (json.empty() ? "{\"" : ",\"") + std::string(name) + "\":" + std::to_string(port);
  }
  json += json.empty() ? "{}\n" : "}\n";

  const std::string temporary = PortsPath() + ".tmp";
  ::unlink(temporary.c_str());  // of a crash
  const int fd =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kPortsMode);
  if (fd < 0) return Failed("cannot create " + temporary, errno);
  const Result<void> written = WriteWhole(fd, temporary, json);
  ::close(fd);
  if (!written.ok()) return written;
  if (::rename(temporary.c_str(), PortsPath().c_str()) != 0) {
    return Failed("cannot rename " + temporary, errno);
  }
  return {};
}

void DataDirectory::RemovePorts() {
  ::unlink(PortsPath().c_str());
  ::unlink((PortsPath() + ".tmp").c_str());
}

}  // namespace idnode::app
