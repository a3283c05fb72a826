#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace idnode::frontend::rpc {

/// A request and its response, to be used again.
template <typename Request, typename Response>
struct Messages {
  Request request;
  Response response;
  std::size_t bytes_parsed = 0;  ///< into `request`, over all its uses
};

/// Keeps messages from call to call: one that is parsed into kept submessages and strings costs
/// half of one that allocates them (measured: 0.20 against 0.42 µs for an item of one value).
/// Thread-safe.
///
/// Bounded: at most kKeptMax pairs are kept, none after a message of more than kMessageBytesMax,
/// and none into which more than kParsedBytesMax were parsed in all, since what a message keeps
/// is the largest of each of its parts.
template <typename Request, typename Response>
class MessagePool {
 public:
  using Pair = Messages<Request, Response>;
  static constexpr std::size_t kKeptMax = 64;
  static constexpr std::size_t kMessageBytesMax = 256U << 10;
  static constexpr std::size_t kParsedBytesMax = 4U << 20;

  std::unique_ptr<Pair> Take() {
    {
      std::lock_guard lock(mutex_);
      if (!kept_.empty()) {
        auto pair = std::move(kept_.back());
        kept_.pop_back();
        return pair;
      }
    }
    return std::make_unique<Pair>();
  }

  /// Takes a pair back whose last request had `request_bytes` bytes.
  void Give(std::unique_ptr<Pair> pair, std::size_t request_bytes) {
    pair->bytes_parsed += request_bytes;
    if (request_bytes > kMessageBytesMax || pair->bytes_parsed > kParsedBytesMax) return;
    pair->request.Clear();
    pair->response.Clear();
    std::lock_guard lock(mutex_);
    if (kept_.size() < kKeptMax) kept_.push_back(std::move(pair));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Pair>> kept_;
};

}  // namespace idnode::frontend::rpc
