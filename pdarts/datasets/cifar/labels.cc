#include "pdarts/datasets/cifar/labels.h"

namespace pdarts::cifar {

DatasetInfo Cifar10Info() {
  DatasetInfo info;
  info.image = {3, 32, 32};
  info.class_names = {"airplane", "automobile", "bird",  "cat",  "deer",
                      "dog",      "frog",       "horse", "ship", "truck"};
  info.mean = {0.49139968, 0.48215827, 0.44653124};
  info.deviation = {0.24703233, 0.24348505, 0.26158768};
  return info;
}

DatasetInfo Cifar100Info(bool coarse) {
  DatasetInfo info;
  info.image = {3, 32, 32};
  info.mean = {0.5071, 0.4867, 0.4408};
  info.deviation = {0.2675, 0.2565, 0.2761};
  if (coarse) {
    info.class_names = {"aquatic_mammals",
                        "fish",
                        "flowers",
                        "food_containers",
                        "fruit_and_vegetables",
                        "household_electrical_devices",
                        "household_furniture",
                        "insects",
                        "large_carnivores",
                        "large_man-made_outdoor_things",
                        "large_natural_outdoor_scenes",
                        "large_omnivores_and_herbivores",
                        "medium_mammals",
                        "non-insect_invertebrates",
                        "people",
                        "reptiles",
                        "small_mammals",
                        "trees",
                        "vehicles_1",
                        "vehicles_2"};
  } else {
    info.class_names = {
        "apple",       "aquarium_fish", "baby",      "bear",       "beaver",       "bed",
        "bee",         "beetle",        "bicycle",   "bottle",     "bowl",         "boy",
        "bridge",      "bus",           "butterfly", "camel",      "can",          "castle",
        "caterpillar", "cattle",        "chair",     "chimpanzee", "clock",        "cloud",
        "cockroach",   "couch",         "crab",      "crocodile",  "cup",          "dinosaur",
        "dolphin",     "elephant",      "flatfish",  "forest",     "fox",          "girl",
        "hamster",     "house",         "kangaroo",  "keyboard",   "lamp",         "lawn_mower",
        "leopard",     "lion",          "lizard",    "lobster",    "man",          "maple_tree",
        "motorcycle",  "mountain",      "mouse",     "mushroom",   "oak_tree",     "orange",
        "orchid",      "otter",         "palm_tree", "pear",       "pickup_truck", "pine_tree",
        "plain",       "plate",         "poppy",     "porcupine",  "possum",       "rabbit",
        "raccoon",     "ray",           "road",      "rocket",     "rose",         "sea",
        "seal",        "shark",         "shrew",     "skunk",      "skyscraper",   "snail",
        "snake",       "spider",        "squirrel",  "streetcar",  "sunflower",    "sweet_pepper",
        "table",       "tank",          "telephone", "television", "tiger",        "tractor",
        "train",       "trout",         "tulip",     "turtle",     "wardrobe",     "whale",
        "willow_tree", "wolf",          "woman",     "worm"};
  }
  return info;
}

}  // namespace pdarts::cifar
