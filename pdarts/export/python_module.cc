#include "pdarts/export/python_module.h"

#include <algorithm>
#include <functional>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pdarts/export/number_text.h"
#include "pdarts/export/python_class_text.h"
#include "pdarts/export/python_classes.h"
#include "pdarts/export/python_layout.h"

namespace pdarts {
namespace {

// The parts of the program that are the same for all networks, except constants.

constexpr char kDropPath[] = R"py(class DropPath(nn.Module):
    """Gives zeros for some images while training, and scales up the others."""

    probability = 0.0

    def forward(self, x):
        if not self.training or self.probability == 0.0:
            return x
        kept = 1.0 - self.probability
        mask = torch.empty(x.shape[0], 1, 1, 1, dtype=x.dtype, device=x.device)
        return x * mask.bernoulli_(kept) / kept
)py";

constexpr char kZero[] = R"py(class Zero(nn.Module):
    """Gives zeros for every input."""

    def __init__(self, stride):
        super().__init__()
        self.stride = stride

    def forward(self, x):
        return torch.zeros_like(x[:, :, :: self.stride, :: self.stride])
)py";

/// A method of the network's class, if the network has drop path.
constexpr char kSetDropPath[] = R"py(
    def set_drop_path(self, probability):
        """Sets how probable it is that an edge is dropped for an image in training."""
        for module in self.modules():
            if isinstance(module, DropPath):
                module.probability = probability
)py";

constexpr char kReading[] = R"py(def read_safetensors(path):
    """The tensors of a safetensors file, by their names."""
    dtypes = {
        "F64": torch.float64,
        "F32": torch.float32,
        "F16": torch.float16,
        "BF16": torch.bfloat16,
        "I64": torch.int64,
    }
    data = pathlib.Path(path).read_bytes()
    # Eight bytes with the size of the header, the header as JSON, and the values.
    begin = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:begin])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        first, end = (begin + offset for offset in entry["data_offsets"])
        content = bytearray(data[first:end])
        values = torch.frombuffer(content, dtype=dtypes[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def load_weights(network, path):
    """Loads a .safetensors file of pdarts, or a state dict that torch.save wrote."""
    if str(path).endswith(".safetensors"):
        state = read_safetensors(path)
    else:
        state = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(state)


def read_image(path):
    """An image file as pdarts evaluate prepares it: [C,H,W], pixels in [0, 1]."""
    from PIL import Image, ImageOps  # Pillow, which nothing else here needs

    channels, height, width = IMAGE_SHAPE
    image = ImageOps.exif_transpose(Image.open(path))
    image = image.convert("L" if channels == 1 else "RGB")
)py";

// The result of ResizeLine is written between the two parts.

constexpr char kMain[] =
    R"py(    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return pixels.reshape(height, width, channels).permute(2, 0, 1) / 255


def main():
    parser = argparse.ArgumentParser(description="Classifies image files.")
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="an image file")
    parser.add_argument(
        "--weights",
        metavar="FILE",
        default=pathlib.Path(__file__).with_name(WEIGHTS),
        help="a .safetensors file or a state dict (default: %(default)s)",
    )
    arguments = parser.parse_args()
    network = Network()
    load_weights(network, arguments.weights)
    network.eval()
    for path in arguments.images:
        with torch.inference_mode():
            probabilities = network(read_image(path)[None]).softmax(1)[0]
        best = probabilities.topk(min(5, len(CLASS_NAMES)))
        print(path)
        for probability, label in zip(best.values.tolist(), best.indices.tolist()):
            print(f"  {probability:7.2%}  {CLASS_NAMES[label]}")


if __name__ == "__main__":
    main()
)py";

/// The line that resizes an image to the size of the network.
std::string ResizeLine(const ImagePreparation& preparation) {
  std::vector<std::string> arguments = {"(width, height)", "Image.Resampling.BILINEAR"};
  if (!preparation.stretches) {
    arguments.insert(arguments.begin(), "image");
    if (preparation.border > 0) arguments.push_back(NumberText(preparation.border));
  }
  const PythonExpression call =
      PythonCall(preparation.stretches ? "image.resize" : "ImageOps.fit", PythonTexts(arguments));
  const std::string prefix = "image = ";
  return absl::StrCat("    ", prefix, LayOut(call, 4, prefix.size(), 0), "\n");
}

/// `NAME = [item, ...]` with a line end.
std::string ListConstant(const std::string& name, const std::vector<std::string>& items) {
  const std::string prefix = absl::StrCat(name, " = ");
  return absl::StrCat(prefix, LayOut(PythonList(PythonTexts(items)), 0, prefix.size(), 0), "\n");
}

bool Has(const NetworkGraph& graph, const std::function<bool(const NetworkGraph::Node&)>& is) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), is);
}

/// The text at the beginning of the program. Names of files and runs may contain any character, so
/// they appear only in constants.
std::string Docstring(const NetworkGraph& graph, bool drops_paths, bool normalizes) {
  std::string text =
      "\"\"\"A network that pdarts found, as a program that needs nothing but torch.\n\n"
      "    python3 model.py IMAGE...\n\n"
      "classifies image files; this alone needs Pillow too. In another program:\n\n"
      "    network = Network()\n"
      "    load_weights(network, WEIGHTS)\n"
      "    logits = network.eval()(images)\n\n";
  absl::StrAppend(&text, "The images are [N,C,H,W], ",
                  normalizes ? "with pixels in [0, 1]; the network normalizes them.\n"
                             : "normalized already.\n");
  if (drops_paths || graph.auxiliary >= 0) {
    text += "To train the network further, call network.train().";
    if (graph.auxiliary >= 0) {
      text += " Then it returns two tensors, the logits and\nthose of the auxiliary head.";
    }
    if (drops_paths) text += "\nnetwork.set_drop_path(0.2) drops edges in training.";
    text += "\n";
  }
  return text + "\"\"\"\n";
}

}  // namespace

std::string PythonModule(const NetworkGraph& graph, const ExportedModel& model) {
  const bool normalizes = !model.mean.empty();
  const bool drops_paths = Has(graph, [](const NetworkGraph::Node& node) {
    return std::holds_alternative<graph::DropPath>(node.op);
  });
  const bool has_zeros = Has(graph, [](const NetworkGraph::Node& node) {
    return std::holds_alternative<graph::Zero>(node.op) && IsLayer(node);
  });
  std::string text = absl::StrCat(
      Docstring(graph, drops_paths, normalizes),
      "\nimport argparse\nimport json\nimport pathlib\n\nimport torch\nfrom torch import nn\n\n");
  if (!model.name.empty()) text += TextConstant("NAME", model.name);
  text += TextConstant("SEARCH_SPACE", model.search_space);
  text += TextConstant("GENOTYPE", model.genotype);
  std::vector<std::string> class_names;
  for (int label = 0; label < model.classes; ++label) {
    class_names.push_back(PythonText(label < static_cast<int>(model.class_names.size())
                                         ? model.class_names[label]
                                         : absl::StrCat("class ", label)));
  }
  text += ListConstant("CLASS_NAMES", class_names);
  absl::StrAppend(&text, "IMAGE_SHAPE = (", model.image.channels, ", ", model.image.height, ", ",
                  model.image.width, ")  # channels, height, width\n");
  if (normalizes) {
    text += "# Of each channel, of pixels in [0, 1].\n";
    text += ListConstant("MEAN", NumberTexts(model.mean));
    text += ListConstant("DEVIATION", NumberTexts(model.deviation));
  }
  text += TextConstant("WEIGHTS", model.weights_file);
  if (drops_paths) absl::StrAppend(&text, "\n\n", kDropPath);
  if (has_zeros) absl::StrAppend(&text, "\n\n", kZero);
  const PythonClasses classes(graph);
  for (const PythonClass& written : classes.classes()) {
    const bool is_network = written.modules[0] == 0;
    absl::StrAppend(&text, "\n\n",
                    PythonClassText(graph, classes, written, is_network && normalizes));
    if (is_network && drops_paths) text += kSetDropPath;
  }
  return absl::StrCat(text, "\n\n", kReading, ResizeLine(model.preparation), kMain);
}

}  // namespace pdarts
