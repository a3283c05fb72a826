#include "node/cli/ledger/file_util.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace idnode::cli {
namespace {

Error FileFailure(const char* what, const std::string& path, int number) {
  const Errc code = number == ENOENT || number == ENOTDIR  ? Errc::kNotFound
                    : number == ENOSPC || number == EDQUOT ? Errc::kStorageFull
                                                           : Errc::kUnavailable;
  return Error(code, std::string(what) + " " + path + ": " + std::strerror(number));
}

/// Closes what it holds.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> WriteAll(const File& file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.fd(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileFailure("cannot write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

Result<std::string> LoadFile(const std::string& path, std::size_t bytes_max) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return FileFailure("cannot open", path, errno);
  struct stat about {};
  if (::fstat(file.fd(), &about) != 0) return FileFailure("cannot read", path, errno);
  if (S_ISDIR(about.st_mode)) return FileFailure("cannot read", path, EISDIR);
  std::string bytes;
  if (about.st_size > 0) {
    if (static_cast<std::uint64_t>(about.st_size) > bytes_max) {
      return Error(Errc::kPayloadTooLarge, path + " has more than " + std::to_string(bytes_max) +
                                               " bytes, the most that are read");
    }
    bytes.reserve(static_cast<std::size_t>(about.st_size));
  }
  char piece[16 * 1024];
  while (true) {
    const ssize_t got = ::read(file.fd(), piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileFailure("cannot read", path, errno);
    if (got == 0) return bytes;
    bytes.append(piece, static_cast<std::size_t>(got));
    if (bytes.size() > bytes_max) {
      return Error(Errc::kPayloadTooLarge, path + " has more than " + std::to_string(bytes_max) +
                                               " bytes, the most that are read");
    }
  }
}

Result<void> MakeFolder(const std::string& path, unsigned mode) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return {};
  const std::string above = FolderOf(path);
  if (above != path && above != "." && above != "/") IDNODE_RETURN_IF_ERROR(MakeFolder(above));
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    const int number = errno;
    return Error(Errc::kUnavailable, "cannot make " + path + ": " + std::strerror(number));
  }
  return {};
}

Result<void> StoreFile(const std::string& path, std::string_view bytes, unsigned mode,
                       Durability durability) {
  const std::string folder = FolderOf(path);
  IDNODE_RETURN_IF_ERROR(MakeFolder(folder));
  const std::string temporary = path + ".tmp";
  {
    const File file(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
    if (file.fd() < 0) return FileFailure("cannot create", temporary, errno);
    IDNODE_RETURN_IF_ERROR(WriteAll(file, bytes, temporary));
    if (durability == Durability::kMachine && ::fsync(file.fd()) != 0) {
      return FileFailure("cannot write", temporary, errno);
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return FileFailure("cannot replace", path, errno);
  }
  if (durability == Durability::kProcess) return {};
  const File directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.fd() < 0 || ::fsync(directory.fd()) != 0) {
    return FileFailure("cannot write", folder, errno);
  }
  return {};
}

}  // namespace idnode::cli
