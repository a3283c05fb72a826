#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/errc.h"
#include "node/frontend/beast_util/asio.h"
#include "node/frontend/beast_util/message.h"

namespace idnode::frontend::http {

/// Bytes that a server may hold at once for bodies, over all its connections: the bodies, and the
/// larger buffers that they are read into. Thread-safe.
class BodyBudget {
 public:
  explicit BodyBudget(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  [[nodiscard]] bool Take(std::size_t bytes) {
    if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= bytes_max_) return true;
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  void GiveBack(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t> used_{0};
};

/// What the parser keeps of one request: places in the session's input buffer rather than copies,
/// so that a steady connection allocates nothing. Reset() keeps capacities.
class ParsedRequest {
 public:
  explicit ParsedRequest(BodyBudget& budget) : budget_(budget) {}
  ~ParsedRequest() { Reset(); }
  ParsedRequest(const ParsedRequest&) = delete;
  ParsedRequest& operator=(const ParsedRequest&) = delete;

  void Reset();
  /// The session's input is now these bytes: it moved, or more was read.
  void Rebase(std::string_view input) {
    base_ = input.data();
    base_bytes_ = input.size();
  }
  /// Bytes before the places were dropped from the buffer.
  void ShiftDown(std::size_t bytes);
  /// Writes views of everything into `request`.
  void Fill(Request& request) const;

  Errc refusal() const { return refusal_; }
  std::string_view refusal_detail() const { return refusal_detail_; }
  bool expects_continue() const { return expects_continue_; }

 private:
  friend class RequestParser;

  struct Place {
    std::uint32_t at = 0;
    std::uint32_t size = 0;
  };
  // A body's memory beyond this goes back when its request is answered.
  static constexpr std::size_t kBodyKeptBytesMax = 64 * 1024;

  Place PlaceOf(std::string_view view) const {
    return {static_cast<std::uint32_t>(view.data() - base_),
            static_cast<std::uint32_t>(view.size())};
  }
  std::string_view ViewOf(Place place) const { return {base_ + place.at, place.size}; }
  void OnField(beast_http::field name, std::string_view name_text, std::string_view value,
               error_code& ec);
  void OnHeaderDone(error_code& ec);
  void OnBody(std::string_view bytes, error_code& ec);
  [[nodiscard]] bool Reserve(std::size_t bytes);
  void Refuse(Errc code, std::string_view detail, error_code& ec);

  BodyBudget& budget_;
  const char* base_ = nullptr;
  std::size_t base_bytes_ = 0;
  Method method_ = Method::kOther;
  bool http_1_0_ = false;
  bool header_done_ = false;
  bool expects_continue_ = false;
  Place target_;
  std::array<Place, kHeaders> headers_;
  std::array<std::string, kHeaders> joined_;  ///< of fields that came more than once
  bool any_joined_ = false;
  std::string body_;
  std::size_t body_reserved_ = 0;
  Errc refusal_ = Errc::kOk;
  std::string_view refusal_detail_;
};

/// Beast's parser, writing into a ParsedRequest. One for each request: it cannot be used again.
class RequestParser : public beast_http::basic_parser<true> {
 public:
  explicit RequestParser(ParsedRequest& into) : into_(into) {}

 private:
  using Text = boost::beast::string_view;
  void on_request_impl(beast_http::verb method, Text method_text, Text target, int version,
                       error_code& ec) override;
  void on_response_impl(int, Text, int, error_code&) override {}
  void on_field_impl(beast_http::field name, Text name_text, Text value, error_code& ec) override;
  void on_header_impl(error_code& ec) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& ec) override;
  std::size_t on_body_impl(Text bytes, error_code& ec) override;
  void on_chunk_header_impl(std::uint64_t, Text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, error_code& ec) override;
  void on_finish_impl(error_code&) override {}

  ParsedRequest& into_;
};

}  // namespace idnode::frontend::http
