#include "node/frontend/beast_util/request_parser.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "node/frontend/beast_util/header_list.h"

namespace idnode::frontend::http {
namespace {

constexpr std::uint64_t kBodyAtFirstBytes = 64 * 1024;

std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

Method ToMethod(beast_http::verb verb) {
  switch (verb) {
    case beast_http::verb::get:
      return Method::kGet;
    case beast_http::verb::head:
      return Method::kHead;
    case beast_http::verb::post:
      return Method::kPost;
    case beast_http::verb::put:
      return Method::kPut;
    case beast_http::verb::patch:
      return Method::kPatch;
    case beast_http::verb::delete_:
      return Method::kDelete;
    case beast_http::verb::options:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

std::optional<Header> ToHeader(beast_http::field field, std::string_view name) {
  switch (field) {
    case beast_http::field::accept:
      return Header::kAccept;
    case beast_http::field::accept_language:
      return Header::kAcceptLanguage;
    case beast_http::field::authorization:
      return Header::kAuthorization;
    case beast_http::field::content_encoding:
      return Header::kContentEncoding;
    case beast_http::field::content_type:
      return Header::kContentType;
    case beast_http::field::expect:
      return Header::kExpect;
    case beast_http::field::host:
      return Header::kHost;
    case beast_http::field::if_match:
      return Header::kIfMatch;
    case beast_http::field::if_none_match:
      return Header::kIfNoneMatch;
    case beast_http::field::unknown:
      if (EqualsIgnoringCase(name, "x-request-timeout-ms")) return Header::kRequestTimeout;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// RFC 9110 §5.3: only a field that is a list may come more than once.
bool IsList(Header header) {
  return header == Header::kAccept || header == Header::kAcceptLanguage ||
         header == Header::kIfMatch || header == Header::kIfNoneMatch;
}

// RFC 9112 §3.2: the path of an absolute-form target; origin-form as it is.
std::string_view OriginForm(std::string_view target) {
  if (target.starts_with('/')) return target;
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) return target;
  const std::size_t path = target.find('/', scheme + 3);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

}  // namespace

void ParsedRequest::Reset() {
  method_ = Method::kOther;
  http_1_0_ = false;
  header_done_ = false;
  expects_continue_ = false;
  target_ = {};
  headers_ = {};
  if (any_joined_) {
    for (std::string& text : joined_) text.clear();
    any_joined_ = false;
  }
  if (body_reserved_ > 0) {
    budget_.GiveBack(body_reserved_);
    body_reserved_ = 0;
    body_.clear();
    if (body_.capacity() > kBodyKeptBytesMax) body_ = std::string();
  }
  refusal_ = Errc::kOk;
  refusal_detail_ = {};
}

void ParsedRequest::ShiftDown(std::size_t bytes) {
  const auto by = static_cast<std::uint32_t>(bytes);
  target_.at -= by;
  for (Place& place : headers_) {
    if (place.size > 0) place.at -= by;
  }
}

void ParsedRequest::Fill(Request& request) const {
  request.method = method_;
  request.http_1_0 = http_1_0_;
  request.target = OriginForm(ViewOf(target_));
  for (std::size_t i = 0; i < kHeaders; ++i) request.headers[i] = ViewOf(headers_[i]);
  if (any_joined_) {
    for (std::size_t i = 0; i < kHeaders; ++i) {
      if (!joined_[i].empty()) request.headers[i] = joined_[i];
    }
  }
  request.body = body_;
}

void ParsedRequest::Refuse(Errc code, std::string_view detail, error_code& ec) {
  refusal_ = code;
  refusal_detail_ = detail;
  ec = beast_http::error::bad_field;
}

void ParsedRequest::OnField(beast_http::field name, std::string_view name_text,
                            std::string_view value, error_code& ec) {
  if (header_done_) return;  // trailers
  // RFC 9112 §6.3: with any other coding the end of the body could not be told, and what is left
  // of it would be taken for the next request.
  if (name == beast_http::field::transfer_encoding) {
    // RFC 9112 §6.1: HTTP/1.0 has no transfer codings; a proxy of it frames the body otherwise.
    if (http_1_0_) {
      return Refuse(Errc::kInvalidRequest, "HTTP/1.0 has no Transfer-Encoding", ec);
    }
    if (!EqualsIgnoringCase(value, "chunked")) {
      return Refuse(Errc::kInvalidRequest, "Transfer-Encoding may only be chunked", ec);
    }
  }
  const std::optional<Header> header = ToHeader(name, name_text);
  if (!header) return;
  const auto index = static_cast<std::size_t>(*header);
  if (*header == Header::kExpect) expects_continue_ = EqualsIgnoringCase(value, "100-continue");
  if (value.empty()) return;
  // A folded line (RFC 9112 §5.2) reaches us as a copy outside the buffer.
  const std::less<> before;
  if (before(value.data(), base_) || !before(value.data(), base_ + base_bytes_)) {
    return Refuse(Errc::kInvalidRequest, "a header field is folded over lines; send it on one", ec);
  }
  if (headers_[index].size == 0) {
    headers_[index] = PlaceOf(value);
    return;
  }
  if (!IsList(*header)) {
    return Refuse(Errc::kInvalidRequest, "a header field that may come once came twice", ec);
  }
  if (joined_[index].empty()) joined_[index] = ViewOf(headers_[index]);
  joined_[index].append(", ").append(value);
  any_joined_ = true;
}

void ParsedRequest::OnHeaderDone(error_code& ec) {
  header_done_ = true;
  if (!http_1_0_ && headers_[static_cast<std::size_t>(Header::kHost)].size == 0) {
    Refuse(Errc::kInvalidRequest, "the Host field is missing (RFC 9112 §3.2)", ec);
  }
}

bool ParsedRequest::Reserve(std::size_t bytes) {
  if (bytes <= body_reserved_) return true;
  if (!budget_.Take(bytes - body_reserved_)) return false;
  body_reserved_ = bytes;
  return true;
}

void ParsedRequest::OnBody(std::string_view bytes, error_code& ec) {
  if (!Reserve(body_.size() + bytes.size())) {
    return Refuse(Errc::kOverloaded, "too many bytes of request bodies are under way", ec);
  }
  body_.append(bytes);
}

void RequestParser::on_request_impl(beast_http::verb method, Text, Text target, int version,
                                    error_code&) {
  into_.method_ = ToMethod(method);
  into_.http_1_0_ = version == 10;
  into_.target_ = into_.PlaceOf(View(target));
}

void RequestParser::on_field_impl(beast_http::field name, Text name_text, Text value,
                                  error_code& ec) {
  into_.OnField(name, View(name_text), View(value), ec);
}

void RequestParser::on_header_impl(error_code& ec) { into_.OnHeaderDone(ec); }

void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>& length,
                                      error_code& ec) {
  if (!length || *length == 0) return;
  // Room for what is announced would let a few idle connections take all of it: bytes are charged
  // as they come.
  const std::uint64_t at_first = std::min<std::uint64_t>(*length, kBodyAtFirstBytes);
  if (!into_.Reserve(static_cast<std::size_t>(at_first))) {
    return into_.Refuse(Errc::kOverloaded, "too many bytes of request bodies are under way", ec);
  }
}

std::size_t RequestParser::on_body_impl(Text bytes, error_code& ec) {
  into_.OnBody(View(bytes), ec);
  return bytes.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, Text bytes, error_code& ec) {
  into_.OnBody(View(bytes), ec);
  return bytes.size();
}

}  // namespace idnode::frontend::http
