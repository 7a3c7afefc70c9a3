//! Knobs that several systems have, with the same words and ranges. A table takes a row from here by this table's name.

use crate::knobs::knobs;

knobs! {
    /// Training of the MAE family: AdamW, a linear warm-up, then a cosine down to zero.
    pub struct Training {
        "Training" live {
            lr: f64 = 1e-3, [1e-5..=1e-2 by 1e-5], "Learning rate",
                "Peak of the schedule: a linear warm-up, then a cosine down to zero.";
            weight_decay: f64 = 0.05, [0.0..=0.3 by 0.005], "Weight decay",
                "AdamW's pull of the weight matrices towards zero.";
            steps: usize = 1000, [1..=100_000 by 1 "steps"], "Steps",
                "Length of the run; the learning rate reaches zero there.";
            warmup: f64 = 0.1, [0.0..=0.5 by 0.01], "Warm-up", "Share of the steps in which the learning rate rises.";
        }
    }
}

knobs! {
    /// Pictures as they are fed to training.
    pub struct Pictures {
        "Training" live {
            batch: usize = 128, [2..=4096 by 1 "pictures"], "Batch", "Pictures of one step.";
            crop: f64 = 1.0, [0.08..=1.0 by 0.01], "Smallest crop",
                "Random resized crop: smallest share of the picture's area. 1 turns crops off.";
            flip: bool = false, "Mirror", "Mirror every other picture, left to right.";
        }
        "Model" rebuilt {
            img_size: usize = 28, [8..=448 by 4 "pixels"], "Picture side",
                "Pictures are scaled to this side. Must be a multiple of the patch side.";
            patch_size: usize = 4, [1..=32 by 1 "pixels"], "Patch side",
                "Side of a patch. Under 4 pixels the task becomes plain interpolation.";
        }
    }
}

knobs! {
    /// A transformer encoder and a smaller decoder.
    pub struct Transformers {
        "Model" rebuilt {
            dim: usize = 96, [8..=1280 by 4], "Encoder width",
                "Numbers in an encoder token. A multiple of 4 and of the heads.";
            depth: usize = 4, [1..=32 by 1 "blocks"], "Encoder depth", "Transformer blocks of the encoder.";
            heads: usize = 3, [1..=16 by 1], "Encoder heads", "Attention heads of an encoder block.";
            dec_dim: usize = 64, [8..=1024 by 4], "Decoder width",
                "Numbers in a decoder token. A multiple of 4 and of the heads.";
            dec_depth: usize = 2, [1..=16 by 1 "blocks"], "Decoder depth",
                "Transformer blocks of the decoder; one is enough for fine-tuning.";
            dec_heads: usize = 4, [1..=16 by 1], "Decoder heads", "Attention heads of a decoder block.";
        }
    }
}

knobs! {
    /// Fine-tuning of a transformer.
    pub struct FineTuning {
        "Fine-tuning" live {
            tune_lr: f64 = 5e-4, [1e-6..=1e-2 by 1e-6 "a batch of 256"], "Learning rate",
                "Fine-tuning's own, for a batch of 256; it grows with the batch.";
            tune_steps: usize = 300, [1..=100_000 by 1 "steps"], "Steps", "Length of fine-tuning.";
            layer_decay: f64 = 0.75, [0.0..=1.0 by 0.01], "Layer decay",
                "Each block learns this much slower than the one above it.";
            drop_path: f64 = 0.1, [0.0..=0.5 by 0.01], "Drop path",
                "How often the last block is skipped; the first never is.";
            smoothing: f64 = 0.1, [0.0..=0.5 by 0.01], "Label smoothing",
                "Share of the target that is spread over all classes.";
            mixup: f64 = 0.8, [0.0..=2.0 by 0.01], "Mixup",
                "α of mixup: two pictures laid over one another. 0 turns it off.";
            cutmix: f64 = 1.0, [0.0..=2.0 by 0.01], "CutMix",
                "α of CutMix: a box of one picture in the other. 0 turns it off.";
        }
    }
}
