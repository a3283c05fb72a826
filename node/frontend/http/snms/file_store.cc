#include "node/frontend/http/snms/file_store.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "node/base/log.h"
#include "node/base/text.h"
#include "node/frontend/http/snms/envelope.h"

namespace idnode::frontend::http::snms {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kIdMask = (std::uint64_t{1} << 53) - 1;

Error SystemError(const std::string& what, int error) {
  const Errc code = error == ENOSPC || error == EDQUOT ? Errc::kStorageFull : Errc::kUnavailable;
  return {code, what + ": " + std::strerror(error)};
}

Result<void> WriteWhole(const std::string& path, std::string_view content) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return SystemError(path, errno);
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      ::close(fd);
      ::unlink(path.c_str());
      return SystemError(path, error);
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  const int synced = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (synced == 0) return {};
  ::unlink(path.c_str());
  return SystemError(path, error);
}

std::int64_t RandomId() {
  const std::string bytes = SecureRandom(sizeof(std::uint64_t));
  std::uint64_t id = 0;
  std::memcpy(&id, bytes.data(), sizeof(id));
  return static_cast<std::int64_t>(std::max<std::uint64_t>(id & kIdMask, 1));
}

// Takes digits off the front of `text`.
bool TakeNumber(std::string_view& text, std::int64_t& number) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc() || number < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// Owners stand in file names.
bool IsPlainName(std::string_view owner) {
  return !owner.empty() && owner.size() <= 64 &&
         std::all_of(owner.begin(), owner.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
         });
}

}  // namespace

std::string_view FileTypeOf(std::string_view content) {
  struct Magic {
    std::string_view start;
    std::string_view type;
  };
  constexpr Magic kMagics[] = {{"\x89PNG\r\n\x1a\n", "png"},
                               {"\xff\xd8\xff", "jpg"},
                               {"GIF87a", "gif"},
                               {"GIF89a", "gif"},
                               {"BM", "bmp"},
                               {"%PDF-", "pdf"}};
  for (const Magic& magic : kMagics) {
    if (content.substr(0, magic.start.size()) == magic.start) return magic.type;
  }
  return {};
}

Result<std::unique_ptr<DirectoryFileStore>> DirectoryFileStore::Open(const std::string& directory,
                                                                     const Clock& clock) {
  std::error_code ec;
  fs::create_directories(directory, ec);
  if (ec) return Error(Errc::kUnavailable, directory + ": " + ec.message());
  fs::permissions(directory, fs::perms::owner_all, ec);
  if (ec) return Error(Errc::kUnavailable, directory + ": " + ec.message());
  std::unique_ptr<DirectoryFileStore> store(new DirectoryFileStore(directory, clock));
  store->Load();
  return store;
}

void DirectoryFileStore::Load() {
  std::error_code ec;
  for (const auto& file : fs::directory_iterator(directory_, ec)) {
    const std::string name = file.path().filename().string();
    std::string_view rest = name;
    std::int64_t id = 0;
    Entry entry;
    if (!TakeNumber(rest, id) || rest.empty() || rest.front() != '-') continue;
    rest.remove_prefix(1);
    if (!TakeNumber(rest, entry.uploaded_ms)) continue;
    const std::size_t dot = rest.rfind('.');
    if (dot == std::string_view::npos) continue;
    entry.type = rest.substr(dot + 1);
    if (dot > 0 && rest.front() == '-') entry.owner = rest.substr(1, dot - 1);
    files_.emplace(id, std::move(entry));
  }
  const std::scoped_lock lock(mutex_);
  DropExpired();
}

std::string DirectoryFileStore::PathOf(std::int64_t id, const Entry& entry) const {
  std::string name = std::to_string(id) + "-" + std::to_string(entry.uploaded_ms);
  if (!entry.owner.empty()) name.append("-").append(entry.owner);
  return directory_ + "/" + name + "." + entry.type;
}

void DirectoryFileStore::DropExpired() {
  const std::int64_t oldest = clock_.WallMs() - kUnclaimedMsMax;
  for (auto at = files_.begin(); at != files_.end();) {
    if (!at->second.owner.empty() || at->second.uploaded_ms >= oldest) {
      ++at;
      continue;
    }
    std::error_code ec;
    fs::remove(PathOf(at->first, at->second), ec);
    at = files_.erase(at);
  }
}

Result<StoredFile> DirectoryFileStore::Put(std::string_view content) {
  const std::string_view type = FileTypeOf(content);
  if (type.empty()) {
    return Refusal("文件类型不支持，请上传 PNG、JPEG、GIF、BMP 图片或 PDF", Errc::kInvalidValue);
  }
  if (content.size() > (type == "pdf" ? kPdfBytesMax : kImageBytesMax)) {
    return Refusal("文件过大，图片不超过1M，PDF不超过5M", Errc::kPayloadTooLarge);
  }
  const std::scoped_lock lock(mutex_);
  DropExpired();
  const auto waiting = std::count_if(files_.begin(), files_.end(),
                                     [](const auto& file) { return file.second.owner.empty(); });
  if (static_cast<std::size_t>(waiting) >= kUnclaimedFilesMax) {
    return Refusal("未关联的文件过多，请稍后再上传", Errc::kOverloaded);
  }
  std::int64_t id = RandomId();
  while (files_.contains(id)) id = RandomId();
  Entry entry{clock_.WallMs(), {}, std::string(type)};
  IDNODE_RETURN_IF_ERROR(WriteWhole(PathOf(id, entry), content));
  files_.emplace(id, std::move(entry));
  return StoredFile{id, std::to_string(id).append(".").append(type)};
}

Result<void> DirectoryFileStore::CheckLocked(std::span<const std::int64_t> ids,
                                             std::string_view owner) const {
  for (const std::int64_t id : ids) {
    const auto found = files_.find(id);
    if (found == files_.end()) return Refusal("文件不存在: " + std::to_string(id));
    if (!found->second.owner.empty() && found->second.owner != owner) {
      return Refusal("文件已被关联: " + std::to_string(id));
    }
  }
  return {};
}

Result<void> DirectoryFileStore::Check(std::span<const std::int64_t> ids, std::string_view owner) {
  const std::scoped_lock lock(mutex_);
  DropExpired();
  return CheckLocked(ids, owner);
}

Result<void> DirectoryFileStore::Claim(std::span<const std::int64_t> ids, std::string_view owner) {
  if (!IsPlainName(owner)) return Error(Errc::kInvalidRequest, "not an owner of files");
  const std::scoped_lock lock(mutex_);
  IDNODE_RETURN_IF_ERROR(CheckLocked(ids, owner));
  for (const std::int64_t id : ids) {
    Entry& entry = files_.find(id)->second;
    if (!entry.owner.empty()) continue;
    Entry claimed = entry;
    claimed.owner = owner;
    if (::rename(PathOf(id, entry).c_str(), PathOf(id, claimed).c_str()) != 0) {
      return SystemError(PathOf(id, entry), errno);
    }
    entry = std::move(claimed);
  }
  return {};
}

}  // namespace idnode::frontend::http::snms
