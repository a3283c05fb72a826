#include "node/app/config.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include <unistd.h>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "node/app/config_keys.h"

namespace idnode::app {
namespace {

/// A configuration is a page, not a database.
constexpr std::size_t kConfigBytesMax = 1 << 20;
constexpr std::string_view kVariableStart = "IDNODE_";

std::vector<std::string_view> SplitChoices(std::string_view choices) {
  std::vector<std::string_view> all;
  while (!choices.empty()) {
    const std::size_t bar = choices.find('|');
    all.push_back(choices.substr(0, bar));
    choices = bar == std::string_view::npos ? std::string_view{} : choices.substr(bar + 1);
  }
  return all;
}

std::string Range(const ConfigKey& key) {
  return "give a number from " + std::to_string(key.at_least) + " to " +
         std::to_string(key.at_most);
}

/// Collects faults of one key from one place.
class Setter {
 public:
  Setter(const ConfigKey& key, std::string where, std::vector<ConfigFault>& faults)
      : key_(key), where_(std::move(where)), faults_(faults) {}

  void Fault(std::string what, std::string fix) {
    faults_.push_back({key_.Path(), where_, std::move(what), std::move(fix)});
  }

  void SetNumber(std::int64_t number) {
    if (number < key_.at_least) {
      Fault(std::to_string(number) + " is less than " + std::to_string(key_.at_least), Range(key_));
    } else if (number > key_.at_most) {
      Fault(std::to_string(number) + " is more than " + std::to_string(key_.at_most), Range(key_));
    } else {
      *std::get<std::int64_t*>(key_.target) = number;
    }
  }

  void SetText(const std::string& text) {
    const auto choices = SplitChoices(key_.choices);
    if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end()) {
      std::string fix = "give one of";
      for (const auto choice : choices) fix += ' ' + std::string(choice);
      Fault("\"" + text + "\" is not known", fix);
      return;
    }
    *std::get<std::string*>(key_.target) = text;
  }

 private:
  const ConfigKey& key_;
  const std::string where_;
  std::vector<ConfigFault>& faults_;
};

void SetFromToml(const ConfigKey& key, const toml::node& node, const std::string& where,
                 std::vector<ConfigFault>& faults) {
  Setter setter(key, where, faults);
  if (std::holds_alternative<std::string*>(key.target)) {
    if (const auto text = node.value_exact<std::string>()) return setter.SetText(*text);
    return setter.Fault("is not a string", "put the value in quotes");
  }
  if (const auto* flag = std::get_if<bool*>(&key.target)) {
    if (const auto value = node.value_exact<bool>()) {
      **flag = *value;
      return;
    }
    return setter.Fault("is not a truth value", "give true or false, without quotes");
  }
  if (std::holds_alternative<std::int64_t*>(key.target)) {
    if (const auto number = node.value_exact<std::int64_t>()) return setter.SetNumber(*number);
    return setter.Fault("is not a whole number", Range(key) + ", without quotes");
  }
  std::vector<std::string> list;
  const toml::array* array = node.as_array();
  if (array != nullptr) {
    for (const auto& element : *array) {
      if (auto text = element.value_exact<std::string>()) list.push_back(std::move(*text));
    }
  }
  if (array == nullptr || list.size() != array->size()) {
    return setter.Fault("is not a list of strings", "write it as [\"first\", \"second\"]");
  }
  *std::get<std::vector<std::string>*>(key.target) = std::move(list);
}

void SetFromVariable(const ConfigKey& key, const std::string& text,
                     std::vector<ConfigFault>& faults) {
  Setter setter(key, key.Variable(), faults);
  if (std::holds_alternative<std::string*>(key.target)) return setter.SetText(text);
  if (const auto* flag = std::get_if<bool*>(&key.target)) {
    if (text == "true" || text == "1") {
      **flag = true;
    } else if (text == "false" || text == "0") {
      **flag = false;
    } else {
      setter.Fault("\"" + text + "\" is not a truth value", "give true or false");
    }
    return;
  }
  if (std::holds_alternative<std::int64_t*>(key.target)) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
      return setter.Fault("\"" + text + "\" is not a whole number", Range(key));
    }
    return setter.SetNumber(number);
  }
  std::vector<std::string> list;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    if (!part.empty()) list.push_back(part);
  }
  *std::get<std::vector<std::string>*>(key.target) = std::move(list);
}

std::string Suggest(std::string_view slip, const std::vector<std::string_view>& names,
                    const std::string& otherwise) {
  const std::string_view near = NearestName(slip, names);
  return near.empty() ? otherwise : "did you mean " + std::string(near) + "?";
}

std::vector<std::string_view> NamesOf(const std::vector<ConfigKey>& keys,
                                      std::string_view section) {
  std::vector<std::string_view> names;
  for (const auto& key : keys) {
    if (key.section == section) names.push_back(key.name);
  }
  return names;
}

std::string Where(const std::string& file, const toml::node& node) {
  return file + ":" + std::to_string(node.source().begin.line);
}

void ReadSection(const std::string& section, const toml::table& table, const std::string& file,
                 const std::vector<ConfigKey>& keys, std::vector<ConfigFault>& faults) {
  for (const auto& [name, node] : table) {
    const std::string_view text = name.str();  // Clang 14 captures no structured binding
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const ConfigKey& k) {
      return k.section == section && k.name == text;
    });
    if (key == keys.end()) {
      faults.push_back({section + "." + std::string(name.str()), Where(file, node),
                        "there is no such key",
                        Suggest(name.str(), NamesOf(keys, section),
                                "remove it; --print-config lists the keys there are")});
      continue;
    }
    SetFromToml(*key, node, Where(file, node), faults);
  }
}

std::vector<std::string_view> SectionNames(const std::vector<ConfigKey>& keys) {
  std::vector<std::string_view> names;
  for (const auto& key : keys) {
    if (names.empty() || names.back() != key.section) names.push_back(key.section);
  }
  return names;
}

void ReadFile(const std::string& path, Config& config, std::vector<ConfigFault>& faults) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kConfigBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) {
    faults.push_back({"", path, "cannot be read", "check the path and its permissions"});
    return;
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kConfigBytesMax) {
    faults.push_back({"", path, "is longer than 1 MiB", "give the configuration file"});
    return;
  }
  ReadConfigText(text, path, config, faults);
}

void ReadEnvironment(const Environment& environment, Config& config,
                     std::vector<ConfigFault>& faults) {
  const auto keys = ConfigKeys(config);
  std::vector<std::string> variables;
  for (const auto& key : keys) variables.push_back(key.Variable());
  const std::vector<std::string_view> names(variables.begin(), variables.end());
  for (const auto& [variable, text] : environment) {
    const auto at = std::find(variables.begin(), variables.end(), variable);
    if (at != variables.end()) {
      SetFromVariable(keys[static_cast<std::size_t>(at - variables.begin())], text, faults);
      continue;
    }
    // Other programs have IDNODE_… variables too (IDNODE_SERVER): only one that begins like a
    // section is meant for the configuration.
    for (const auto section : SectionNames(keys)) {
      std::string start = ConfigKey{section, "", {}, {}}.Variable();
      if (variable.starts_with(start)) {
        faults.push_back({"", variable, "there is no such variable",
                          Suggest(variable, names, "unset it; --print-config lists the keys")});
        break;
      }
    }
  }
}

}  // namespace

std::string ConfigFault::Text() const {
  std::string text;
  if (!where.empty()) text += where + ": ";
  if (!key.empty()) text += key + ": ";
  return text + what + "; " + fix;
}

LogLevel Config::log_level() const {
  if (log.level == "debug") return LogLevel::kDebug;
  if (log.level == "warning") return LogLevel::kWarning;
  if (log.level == "error") return LogLevel::kError;
  if (log.level == "off") return LogLevel::kOff;
  return LogLevel::kInfo;
}

LogFormat Config::log_format() const {
  return log.format == "json" ? LogFormat::kJson : LogFormat::kLogfmt;
}

void ReadConfigText(std::string_view text, const std::string& name, Config& config,
                    std::vector<ConfigFault>& faults) {
  const toml::parse_result parsed = toml::parse(text, std::string_view(name));
  if (!parsed) {
    const auto& error = parsed.error();
    faults.push_back({"",
                      name + ":" + std::to_string(error.source().begin.line) + ":" +
                          std::to_string(error.source().begin.column),
                      "is not TOML: " + std::string(error.description()),
                      "correct the line; none of the file was read"});
    return;
  }
  const auto keys = ConfigKeys(config);
  const auto sections = SectionNames(keys);
  for (const auto& [section, node] : parsed.table()) {
    const bool known = std::find(sections.begin(), sections.end(), section.str()) != sections.end();
    const toml::table* table = node.as_table();
    if (known && table != nullptr) {
      ReadSection(std::string(section.str()), *table, name, keys, faults);
    } else if (known) {
      faults.push_back({std::string(section.str()), Where(name, node), "is not a section",
                        "write it as [" + std::string(section.str()) + "]"});
    } else if (table != nullptr) {
      faults.push_back({std::string(section.str()), Where(name, node), "there is no such section",
                        Suggest(section.str(), sections, "remove it")});
    } else {
      faults.push_back({std::string(section.str()), Where(name, node),
                        "stands outside of any section", "put it under its [section]"});
    }
  }
}

LoadedConfig LoadConfig(const ConfigSources& sources) {
  LoadedConfig loaded;
  if (sources.dev) {
    loaded.config.node.data_dir = "idnode-data";
    loaded.config.node.secondary_prefixes = {"88.108"};
    loaded.config.node.admit_on_first_use = true;
    loaded.config.templates.require_known = false;
  }
  if (!sources.file.empty()) ReadFile(sources.file, loaded.config, loaded.faults);
  ReadEnvironment(sources.environment, loaded.config, loaded.faults);
  if (!sources.data_dir.empty()) loaded.config.node.data_dir = sources.data_dir;
  ValidateConfig(loaded.config, sources.dev, loaded.faults);
  return loaded;
}

Environment IdnodeEnvironment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos && text.starts_with(kVariableStart)) {
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return environment;
}

}  // namespace idnode::app
