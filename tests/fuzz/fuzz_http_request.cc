#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/check.h"
#include "node/frontend/beast_util/request_parser.h"

using namespace idnode::frontend::http;

// Feeds bytes as they come off a socket: the first byte says in how large pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = 1 + data[0];
  const std::string input(reinterpret_cast<const char*>(data) + 1, size - 1);
  BodyBudget budget(1 << 20);
  ParsedRequest parsed(budget);
  parsed.Rebase(input);
  RequestParser parser(parsed);
  parser.header_limit(16 * 1024);
  parser.body_limit(1 << 20);
  std::size_t consumed = 0;
  std::size_t offered = 0;
  while (!parser.is_done()) {
    offered = std::min(offered + piece, input.size());
    error_code ec;
    const std::size_t used =
        parser.put(boost::asio::buffer(input.data() + consumed, offered - consumed), ec);
    consumed += used;
    if (ec == beast_http::error::need_more) {
      if (offered == input.size()) return 0;
      continue;
    }
    if (ec) return 0;
    if (used == 0 && offered == input.size()) return 0;
  }
  Request request;
  parsed.Fill(request);
  IDNODE_CHECK(request.target.size() <= input.size());
  return 0;
}
