#!/bin/bash
# TensorBoard's own reader finds in a run directory what the run's log says.
# usage: reader_test.sh PDARTS PYTHON SITE COMPARE
set -eu
pdarts=$PWD/$1 python=$PWD/$2 site=$PWD/$3 compare=$PWD/$4
cd "$TEST_TMPDIR"

cat > search.textproto <<'SPEC'
name: "search"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 48 test_images: 8
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: 2 channels: 2 epochs: 3 warmup_epochs: 1 keep: 3 }
    stages { cells: 3 channels: 2 epochs: 2 warmup_epochs: 1 keep: 1 }
  }
}
regularizers {
  [type.googleapis.com/pdarts.regularizers.SkipDropoutConfig] { initial_rates: [0.3, 0.4] }
}
search { batch_size: 8 evaluated_epochs: 1 }
SPEC
cat > training.textproto <<'SPEC'
name: "training"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 32 test_images: 8
  }
}
genotype: "PDARTS"
network { cells: 2 channels: 2 }
train { epochs: 2 batch_size: 8 auxiliary_weight: 0 }
SPEC
"$pdarts" search --spec=search.textproto --output_dir=search
"$pdarts" train --spec=training.textproto --output_dir=training
# -S: nothing but the wheels that the lock names.
PYTHONPATH=$site "$python" -S "$compare" search training
