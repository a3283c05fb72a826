#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/node/service/test_node.h"

namespace idnode::service {

inline ValueView ValueOf(std::uint32_t index, std::string_view type, std::string_view data) {
  ValueView value;
  value.index = index;
  value.type = type;
  value.data = data;
  return value;
}

/// A node that refuses unknown templates, and short ways to register against one called "shoe".
class TemplateFixture : public testing::Test {
 protected:
  TemplateFixture() {
    TestNodeOptions options;
    options.templates.require_known = true;
    Start(std::move(options));
  }

  void Start(TestNodeOptions options) {
    node_.reset();
    node_ = std::make_unique<TestNode>(std::move(options));
  }

  void Publish(const std::string& name, std::vector<TemplateItem> items) {
    DataTemplate content;
    content.items = std::move(items);
    const auto put =
        node_->templates->Put(node_->Operator(), "88.108.1001", name, content, node_->Soon());
    ASSERT_TRUE(put.ok()) << put.error().field << ": " << put.error().detail;
    const auto published = node_->templates->Publish(node_->Operator(), "88.108.1001", name,
                                                     (*put)->version, node_->Soon());
    ASSERT_TRUE(published.ok()) << published.error().detail;
  }
  void PublishShoe(std::vector<TemplateItem> items) { Publish("shoe", std::move(items)); }
  TemplateRef Shoe(std::uint32_t version) {
    auto found = node_->templates->Get(node_->Operator(), "88.108.1001", "shoe", version);
    EXPECT_TRUE(found.ok());
    return found.ok() ? *found : nullptr;
  }

  std::vector<ItemResult> RunBatch(std::string_view request_id,
                                   const std::function<void(Batch&)>& fill) {
    auto result = node_->Run(node_->operator_caller(), request_id, 16, fill);
    EXPECT_TRUE(result.ok()) << result.error().detail;
    return result.ok() ? result->results : std::vector<ItemResult>(16);
  }

  /// Registers 88.108.1001/`suffix`.
  ItemResult Register(const std::string& suffix, std::string_view reference,
                      std::string_view attributes) {
    return RunBatch({}, [&](Batch& batch) {
      batch.AddRegister({"88.108.1001/" + suffix, {"product", reference, attributes, {}}});
    })[0];
  }

  /// Sets template and attributes, each where it is given.
  ItemResult Update(const std::string& suffix, std::optional<std::string_view> reference,
                    std::optional<std::string_view> attributes) {
    const std::string identifier = "88.108.1001/" + suffix;
    UpdateInput input;
    input.identifier = identifier;
    input.set_template = reference.has_value();
    input.template_ref = reference.value_or("");
    input.set_attributes = attributes.has_value();
    input.attributes_json = attributes.value_or("");
    return node_->Update(input);
  }

  std::unique_ptr<TestNode> node_;
};

}  // namespace idnode::service
