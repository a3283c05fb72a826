// What needs more than one key, or the machine, to be judged; and the printed form.
#include <fstream>
#include <optional>
#include <set>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "node/app/config.h"
#include "node/app/config_keys.h"
#include "node/base/time_zone.h"
#include "node/ledger/note_key.h"
#include "node/model/identifier.h"
#include "node/service/secondary_industries.h"
#include "node/service/throttle.h"

namespace idnode::app {
namespace {

/// Longest directory: a path has to leave room for the files in it (PATH_MAX is 4096).
constexpr std::size_t kDataDirBytesMax = 3'000;
constexpr std::size_t kSecondaryPrefixesMax = 1'000;

/// Whether `text` is a loopback address; nothing where it is no IP address at all.
std::optional<bool> IsLoopback(const std::string& text) {
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6) != 0;
  return std::nullopt;
}

class Checker {
 public:
  Checker(const Config& config, bool dev, std::vector<ConfigFault>& faults)
      : config_(config), dev_(dev), faults_(faults) {}

  void Run() {
    CheckNode();
    CheckFace("http", config_.http);
    CheckFace("grpc", config_.grpc);
    CheckAddress("admin", config_.admin.address);
    CheckPorts();
    CheckLimits();
    CheckLedger();
    CheckClock();
    CheckAccess();
  }

 private:
  void Fault(std::string key, std::string what, std::string fix) {
    faults_.push_back({std::move(key), "", std::move(what), std::move(fix)});
  }

  void CheckClock() {
    if (dev_ || config_.clock.ahead_hours == 0) return;
    Fault("clock.ahead_hours", "makes every commit carry a false time", "remove it; --dev has it");
  }

  void CheckNode() {
    const auto& node = config_.node;
    if (node.data_dir.empty()) {
      Fault("node.data_dir", "is not set", "set it, or give --data-dir DIR");
    } else if (node.data_dir.size() > kDataDirBytesMax) {
      Fault("node.data_dir", "is longer than 3000 bytes", "give a shorter path");
    }
    if (node.secondary_prefixes.empty()) {
      Fault("node.secondary_prefixes", "is empty",
            "name the node's prefix, such as [\"88.108\"]; --dev does that for a trial");
    } else if (node.secondary_prefixes.size() > kSecondaryPrefixesMax) {
      Fault("node.secondary_prefixes", "has more than 1000 prefixes", "give fewer");
    }
    std::set<std::string> seen;
    for (const auto& prefix : node.secondary_prefixes) {
      if (const auto fine = CheckPrefix(prefix); !fine.ok()) {
        Fault("node.secondary_prefixes", "\"" + prefix + "\": " + fine.error().detail,
              "write it as 88.108");
      } else if (!seen.insert(FoldIdentifier(prefix)).second) {
        Fault("node.secondary_prefixes", "\"" + prefix + "\" is named twice", "remove one");
      }
    }
    if (const auto industries = service::SecondaryIndustries::Parse(
            node.secondary_prefix_industries, node.secondary_prefixes);
        !industries.ok()) {
      Fault("node.secondary_prefix_industries", industries.error().detail,
            "write it as 88.108=C19,C14");
    }
    if (const auto zone = TimeZone::Load(node.time_zone); !zone.ok()) {
      Fault("node.time_zone", "\"" + node.time_zone + "\" is not a time zone of this machine",
            "give one such as Asia/Shanghai, and install tzdata");
    }
  }

  /// True where a face may listen in plain text: on a loopback address. A fault that was
  /// reported counts as one, so that it is not reported twice.
  bool CheckAddress(const std::string& section, const std::string& text) {
    const auto loopback = IsLoopback(text);
    if (!loopback.has_value()) {
      Fault(section + ".address", "\"" + text + "\" is not an IP address",
            "give one such as 127.0.0.1, 0.0.0.0 or ::");
      return true;
    }
    if (dev_ && !*loopback) {
      Fault(section + ".address", text + " is not a loopback address, and --dev opens no other",
            "remove it, or start without --dev");
      return true;
    }
    return *loopback;
  }

  void CheckFace(const std::string& section, const ListenSection& face) {
    const bool plaintext_fine = CheckAddress(section, face.address) || face.allow_plaintext;
    const bool certificate = !face.tls_certificate.empty();
    const bool key = !face.tls_key.empty();
    if (certificate != key) {
      Fault(section + (certificate ? ".tls_key" : ".tls_certificate"),
            std::string("is not set, but ") + (certificate ? "tls_certificate" : "tls_key") + " is",
            "give both, or neither for plain text");
    }
    if (certificate) CheckReadable(section + ".tls_certificate", face.tls_certificate);
    if (key) CheckReadable(section + ".tls_key", face.tls_key);
    if (!face.tls_client_ca.empty()) {
      CheckReadable(section + ".tls_client_ca", face.tls_client_ca);
      if (!certificate && !key) {
        Fault(section + ".tls_client_ca", "is set, but tls_certificate is not",
              "give certificate and key: clients show theirs over TLS only");
      }
    }
    if (!plaintext_fine && !certificate && !key) {
      Fault(section + ".address", face.address + " is not loopback and there is no certificate",
            "set " + section + ".tls_certificate and " + section + ".tls_key, or " + section +
                ".allow_plaintext = true behind something that encrypts");
    }
  }

  void CheckReadable(const std::string& key, const std::string& path) {
    std::ifstream file(path);
    if (!file.is_open() || file.peek() == std::ifstream::traits_type::eof()) {
      Fault(key, path + " cannot be read or is empty", "check the path and its permissions");
    }
  }

  void CheckPorts() {
    const std::pair<std::string, std::int64_t> ports[] = {{"http.port", config_.http.port},
                                                          {"grpc.port", config_.grpc.port},
                                                          {"admin.port", config_.admin.port}};
    for (std::size_t i = 0; i < std::size(ports); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (ports[i].second != 0 && ports[i].second == ports[j].second) {
          Fault(ports[i].first,
                std::to_string(ports[i].second) + " is the port of " + ports[j].first + " too",
                "give each face its own, or 0");
        }
      }
    }
  }

  void NotMore(const std::string& small_key, std::int64_t small, const std::string& large_key,
               std::int64_t large) {
    if (small > large) {
      Fault(small_key,
            std::to_string(small) + " is more than " + large_key + " = " + std::to_string(large),
            "lower it, or raise " + large_key);
    }
  }

  void CheckLimits() {
    const auto& limits = config_.limits;
    NotMore("limits.page_size_default", limits.page_size_default, "limits.page_size_max",
            limits.page_size_max);
    NotMore("limits.value_bytes_max", limits.value_bytes_max, "limits.record_bytes_max",
            limits.record_bytes_max);
    NotMore("limits.attributes_bytes_max", limits.attributes_bytes_max, "limits.record_bytes_max",
            limits.record_bytes_max);
    NotMore("limits.batch_bytes_max", limits.batch_bytes_max, "http.body_bytes_max",
            config_.http.body_bytes_max);
    NotMore("http.body_bytes_max", config_.http.body_bytes_max, "http.bodies_bytes_max",
            config_.http.bodies_bytes_max);
    if (config_.http.redirect_status != 302 && config_.http.redirect_status != 307) {
      Fault("http.redirect_status",
            std::to_string(config_.http.redirect_status) + " is not one of 302 and 307",
            "give 302, or 307 to keep the method");
    }
    NotMore("limits.batch_bytes_max", limits.batch_bytes_max, "grpc.message_bytes_max",
            config_.grpc.message_bytes_max);
    NotMore("grpc.default_deadline_ms", config_.grpc.default_deadline_ms, "grpc.deadline_max_ms",
            config_.grpc.deadline_max_ms);
    // One thread stays free for short calls while recounts run.
    if (config_.grpc.recounts_max >= config_.grpc.worker_threads) {
      Fault("grpc.recounts_max",
            std::to_string(config_.grpc.recounts_max) + " leaves none of grpc.worker_threads = " +
                std::to_string(config_.grpc.worker_threads) + " for other calls",
            "lower it, or raise grpc.worker_threads");
    }
  }

  // The lists are read by whoever uses them, on a clock and with metrics that nobody looks at.
  void CheckAccess() {
    const SystemClock clock;
    Metrics metrics;
    service::ThrottleOptions lists;
    lists.allow_addresses = config_.access.allow_addresses;
    lists.deny_addresses = config_.access.deny_addresses;
    lists.deny_identifiers = config_.access.deny_identifiers;
    const auto throttle = service::Throttle::Make(lists, clock, metrics);
    if (throttle.ok()) return;
    Fault("access." + throttle.error().field, throttle.error().detail, "correct the entry");
  }

  void CheckLedger() {
    const auto& section = config_.ledger;
    if (!section.enabled) return;
    if (const std::string origin = config_.LedgerOrigin(); !ledger::IsKeyName(origin)) {
      Fault("ledger.origin", "\"" + origin + "\" cannot name a log: it has spaces or a \"+\"",
            "give one such as id.example.com/88.108");
    }
    for (const auto& vkey : section.witness_vkeys) {
      const auto witness = ledger::Verifier::Parse(vkey);
      if (!witness.ok()) {
        Fault("ledger.witness_vkeys", "\"" + vkey + "\": " + witness.error().detail,
              "give the line that the witness publishes");
      } else if (witness->type() != ledger::SignatureType::kCosignatureV1) {
        Fault("ledger.witness_vkeys", "\"" + vkey + "\" is not a key for cosignatures",
              "give the line that the witness publishes");
      }
    }
  }

  const Config& config_;
  const bool dev_;
  std::vector<ConfigFault>& faults_;
};

/// A TOML basic string.
std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      static constexpr char kHex[] = "0123456789abcdef";
      quoted += "\\u00";
      quoted += kHex[byte >> 4];
      quoted += kHex[byte & 15];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

struct ValueText {
  std::string operator()(const std::string* text) const { return Quoted(*text); }
  std::string operator()(const bool* flag) const { return *flag ? "true" : "false"; }
  std::string operator()(const std::int64_t* number) const { return std::to_string(*number); }
  std::string operator()(const std::vector<std::string>* list) const {
    std::string text = "[";
    for (const auto& element : *list) text += (text.size() > 1 ? ", " : "") + Quoted(element);
    return text + "]";
  }
};

std::string RangeText(const ConfigKey& key) {
  if (!key.choices.empty()) return " (" + std::string(key.choices) + ")";
  if (key.at_most == 0) return "";
  return " (" + std::to_string(key.at_least) + " to " + std::to_string(key.at_most) + ")";
}

}  // namespace

std::string Config::LedgerOrigin() const {
  if (!ledger.origin.empty()) return ledger.origin;
  return "idnode.example/" + (node.secondary_prefixes.empty() ? std::string("unknown")
                                                              : node.secondary_prefixes.front());
}

void ValidateConfig(const Config& config, bool dev, std::vector<ConfigFault>& faults) {
  Checker(config, dev, faults).Run();
}

std::string PrintConfig(const Config& config) {
  Config copy = config;
  std::string text;
  std::string_view section;
  for (const auto& key : ConfigKeys(copy)) {
    if (key.section != section) {
      section = key.section;
      text += (text.empty() ? "[" : "\n[") + std::string(section) + "]\n";
    }
    text += "# " + std::string(key.about) + RangeText(key) + "\n";
    text += std::string(key.name) + " = " + std::visit(ValueText{}, key.target) + "\n";
  }
  return text;
}

}  // namespace idnode::app
