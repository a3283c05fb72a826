#include "storage/rocksdb/store_files.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/rocksdb/rocksdb_engine.h"

namespace idnode::storage {
namespace {

constexpr std::string_view kMagic = "idnode-store ";
constexpr std::string_view kShardsWord = "shards ";
constexpr std::size_t kFormatBytesMax = 4096;
constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;

// Closes when it goes.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

Error SystemError(const std::string& doing) {
  return Error(Errc::kUnavailable, doing + ": " + std::generic_category().message(errno));
}

Error Damaged() {
  return Error(Errc::kCorruption,
               "the FORMAT file of the store is damaged; restore it from a backup");
}

// Takes "WORD NUMBER\n" off the front of `text`.
std::optional<std::uint64_t> TakeLine(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return std::nullopt;
  text.remove_prefix(word.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() + text.size() || *end != '\n') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return number;
}

Result<void> WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("writing " + path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (fsync(fd) != 0) return SystemError("syncing " + path);
  return {};
}

}  // namespace

std::string FormatText(const StoreFormat& format) {
  return std::string(kMagic) + std::to_string(format.version) + "\n" + std::string(kShardsWord) +
         std::to_string(format.shards) + "\n";
}

Result<StoreFormat> ParseFormat(std::string_view text) {
  const auto version = TakeLine(text, kMagic);
  if (!version.has_value() || *version == 0) return Damaged();
  if (*version > kFormatVersion) {
    return Error(Errc::kFormatTooNew, "written by format " + std::to_string(*version) +
                                          ", this idnode reads up to " +
                                          std::to_string(kFormatVersion) + "; use a newer idnode");
  }
  const auto shards = TakeLine(text, kShardsWord);
  if (!shards.has_value() || *shards == 0 || *shards > kShardsMax || !text.empty()) {
    return Damaged();
  }
  return StoreFormat{*version, static_cast<ShardId>(*shards)};
}

Result<StoreFiles> StoreFiles::Lock(const std::string& dir) {
  IDNODE_RETURN_IF_ERROR(CreatePrivateDirectory(dir));
  const std::string path = dir + "/LOCK";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
  if (fd < 0) return SystemError("opening " + path);
  StoreFiles files(dir, fd);
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return files;
  if (errno != EWOULDBLOCK) return SystemError("locking " + path);
  return Error(Errc::kDataDirectoryInUse,
               "the store " + dir + " is in use by another process; stop that one first");
}

StoreFiles::StoreFiles(StoreFiles&& other) noexcept
    : dir_(std::move(other.dir_)), lock_fd_(std::exchange(other.lock_fd_, -1)) {}

StoreFiles::~StoreFiles() {
  if (lock_fd_ >= 0) close(lock_fd_);  // which unlocks
}

Result<std::optional<StoreFormat>> StoreFiles::ReadFormat() const {
  const std::string path = dir_ + "/FORMAT";
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) {
    if (errno == ENOENT) return std::optional<StoreFormat>();
    return SystemError("opening " + path);
  }
  std::string text(kFormatBytesMax, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(file.fd(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("reading " + path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  auto format = ParseFormat(std::string_view(text).substr(0, size));
  if (!format.ok()) return Prefix("the store " + dir_, format.error());
  return std::optional<StoreFormat>(*format);
}

Result<void> StoreFiles::WriteFormat(const StoreFormat& format) const {
  return WriteFormatFile(dir_, format);
}

Result<void> WriteFormatFile(const std::string& dir, const StoreFormat& format) {
  const std::string path = dir + "/FORMAT";
  const std::string fresh = path + ".new";
  {
    const File file(open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode));
    if (file.fd() < 0) return SystemError("creating " + fresh);
    IDNODE_RETURN_IF_ERROR(WriteAll(file.fd(), FormatText(format), fresh));
  }
  if (rename(fresh.c_str(), path.c_str()) != 0) return SystemError("renaming " + fresh);
  return SyncDirectory(dir);
}

Result<void> CreatePrivateDirectory(const std::string& dir) {
  const auto parent = std::filesystem::path(dir).parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error)
    return Error(Errc::kUnavailable, "creating " + parent.string() + ": " + error.message());
  if (mkdir(dir.c_str(), kDirectoryMode) == 0) {
    return parent.empty() ? SyncDirectory(".") : SyncDirectory(parent.string());
  }
  if (errno != EEXIST) return SystemError("creating " + dir);
  return {};
}

Result<void> SyncDirectory(const std::string& dir) {
  const File file(open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.fd() < 0) return SystemError("opening " + dir);
  if (fsync(file.fd()) != 0) return SystemError("syncing " + dir);
  return {};
}

std::uint64_t FileBytesIn(const std::string& dir) {
  DIR* const stream = opendir(dir.c_str());
  if (stream == nullptr) return 0;
  std::uint64_t bytes = 0;
  while (const dirent* const entry = readdir(stream)) {
    struct stat stat = {};
    if (fstatat(dirfd(stream), entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(stat.st_mode)) {
      bytes += static_cast<std::uint64_t>(stat.st_size);
    }
  }
  closedir(stream);
  return bytes;
}

}  // namespace idnode::storage
