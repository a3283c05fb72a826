#include "node/service/prefix_row.h"

#include <algorithm>
#include <span>

#include <boost/json.hpp>

#include "node/base/varint.h"
#include "node/service/row_reader.h"
#include "storage/space.h"

namespace idnode::service {
namespace {

// A row of the first form is one varint; this byte alone would be one too, but never with others
// behind it.
constexpr char kLaterForm = 0;
constexpr char kFormat = 1;

bool IsState(std::uint8_t number) {
  return number >= static_cast<std::uint8_t>(PrefixState::kStopped) &&
         number <= static_cast<std::uint8_t>(PrefixState::kInAudit);
}

PrefixState TakeState(RowReader& reader) {
  const std::uint8_t number = reader.Byte();
  reader.Expect(IsState(number));
  return reader.fine() ? static_cast<PrefixState>(number) : PrefixState::kStopped;
}

std::int64_t TakeTime(RowReader& reader) {
  const std::int64_t time = reader.Time();
  reader.Expect(time >= 0);
  return time;
}

std::string TakeText(RowReader& reader) {
  const std::string_view text = reader.Text();
  reader.Expect(text.size() <= kPrefixTextBytesMax);
  return std::string(text);
}

std::uint16_t TakePort(RowReader& reader) {
  return static_cast<std::uint16_t>(reader.Count(UINT16_MAX));
}

PrefixInfo ReadLaterForm(std::string_view folded_prefix, RowReader& reader) {
  PrefixInfo info;
  info.prefix = folded_prefix;
  reader.Expect(reader.Byte() == static_cast<std::uint8_t>(kLaterForm));
  reader.Expect(reader.Byte() == static_cast<std::uint8_t>(kFormat));
  info.state = TakeState(reader);
  const std::uint8_t hosting = reader.Byte();
  reader.Expect(hosting == static_cast<std::uint8_t>(Hosting::kHosted) ||
                hosting == static_cast<std::uint8_t>(Hosting::kSelfHosted));
  info.hosting = static_cast<Hosting>(hosting);
  info.admitted_ms = TakeTime(reader);
  info.enterprise = TakeText(reader);
  info.route.address = TakeText(reader);
  info.route.tcp_port = TakePort(reader);
  info.route.udp_port = TakePort(reader);
  info.route.http_port = TakePort(reader);
  info.quota.identifiers_soft = reader.Number();
  info.quota.identifiers_hard = reader.Number();
  info.quota.rate_soft = reader.Number();
  info.quota.rate_hard = reader.Number();
  const std::size_t changes = reader.Count(kPrefixHistoryMax);
  for (std::size_t i = 0; i < changes && reader.fine(); ++i) {
    PrefixStateChange change;
    change.state = TakeState(reader);
    change.at_ms = TakeTime(reader);
    change.by = TakeText(reader);
    change.reason = TakeText(reader);
    info.history.push_back(std::move(change));
  }
  return info;
}

}  // namespace

std::string PrefixKey(std::string_view folded_prefix) {
  return static_cast<char>(storage::Space::kPrefix) + std::string(folded_prefix);
}

std::string EncodePrefixRow(const PrefixInfo& info) {
  std::string bytes;
  bytes += kLaterForm;
  bytes += kFormat;
  bytes += static_cast<char>(info.state);
  bytes += static_cast<char>(info.hosting);
  AppendVarint(static_cast<std::uint64_t>(info.admitted_ms), bytes);
  AppendSized(info.enterprise, bytes);
  AppendSized(info.route.address, bytes);
  for (const std::uint64_t number :
       {std::uint64_t{info.route.tcp_port}, std::uint64_t{info.route.udp_port},
        std::uint64_t{info.route.http_port}, info.quota.identifiers_soft,
        info.quota.identifiers_hard, info.quota.rate_soft, info.quota.rate_hard}) {
    AppendVarint(number, bytes);
  }
  const std::size_t changes = std::min(info.history.size(), kPrefixHistoryMax);
  AppendVarint(changes, bytes);
  for (const auto& change : std::span(info.history).last(changes)) {
    bytes += static_cast<char>(change.state);
    AppendVarint(static_cast<std::uint64_t>(change.at_ms), bytes);
    AppendSized(change.by, bytes);
    AppendSized(change.reason, bytes);
  }
  return bytes;
}

Result<PrefixInfo> DecodePrefixRow(std::string_view folded_prefix, std::string_view bytes) {
  const Error damaged(Errc::kCorruption,
                      "the row of prefix " + std::string(folded_prefix) + " is damaged");
  RowReader reader(bytes);
  PrefixInfo info;
  if (bytes.size() > 1 && bytes.front() == kLaterForm) {
    info = ReadLaterForm(folded_prefix, reader);
  } else {
    info.prefix = folded_prefix;
    info.admitted_ms = TakeTime(reader);
  }
  if (!reader.done()) return damaged;
  return info;
}

std::string PrefixJson(const PrefixInfo& info) {
  boost::json::object object{
      {"prefix", info.prefix},
      {"state", std::string(PrefixStateName(info.state))},
      {"hosting", info.hosting == Hosting::kHosted ? "HOSTED" : "SELF_HOSTED"}};
  if (!info.enterprise.empty()) object["enterprise"] = info.enterprise;
  if (!info.route.address.empty()) {
    object["route"] = {{"address", info.route.address},
                       {"tcpPort", info.route.tcp_port},
                       {"udpPort", info.route.udp_port},
                       {"httpPort", info.route.http_port}};
  }
  if (info.quota != PrefixQuota{}) {
    object["quota"] = {{"identifiersSoft", info.quota.identifiers_soft},
                       {"identifiersHard", info.quota.identifiers_hard},
                       {"rateSoft", info.quota.rate_soft},
                       {"rateHard", info.quota.rate_hard}};
  }
  if (!info.history.empty() && !info.history.back().reason.empty()) {
    object["reason"] = info.history.back().reason;
  }
  return boost::json::serialize(object);
}

std::string RouteText(const PrefixRoute& route) {
  std::string ports;
  const auto add = [&](const char* name, std::uint16_t port) {
    if (port == 0) return;
    ports += (ports.empty() ? "" : ", ") + std::string(name) + " " + std::to_string(port);
  };
  add("tcp", route.tcp_port);
  add("udp", route.udp_port);
  add("http", route.http_port);
  return route.address + " (" + ports + ")";
}

}  // namespace idnode::service
