//! Names of a masked autoencoder on a plain vision transformer: the authors', and those of Hugging Face's `ViTMAE` and
//! `ViT`.

use super::{Inner, Layout, OFFICIAL};

/// Layouts to try, the authors' first.
pub const LAYOUTS: &[Layout] = &[OFFICIAL, HUGGING_FACE];

/// `ViTMAEForPreTraining` and its relatives: `ViTMAEModel` and `ViTModel` lack `vit.`, `ViTForImageClassification` adds
/// `classifier`, transformers 5 renames the blocks (`layers`, `q_proj`, `decoder_encoder`).
pub const HUGGING_FACE: Layout = Layout {
    name: "Hugging Face",
    optional: &["vit."],
    starts: &[
        ("embeddings.cls_token", "cls_token"),
        ("embeddings.position_embeddings", "pos_embed"),
        ("embeddings.patch_embeddings.projection.", "patch_embed.proj."),
        ("encoder.layer.", "blocks."),
        ("encoder.layers.", "blocks."),
        ("layers.", "blocks."),
        ("layernorm.", "norm."),
        ("decoder.decoder_layers.", "decoder_blocks."),
        ("decoder.decoder_encoder.layer.", "decoder_blocks."),
        ("decoder.decoder_encoder.layers.", "decoder_blocks."),
        ("decoder.layers.", "decoder_blocks."),
        ("decoder.decoder_", "decoder_"),
        ("decoder.mask_token", "mask_token"),
        ("classifier.", "head."),
    ],
    inner: &[
        piece(".attention.attention.query.", 0),
        piece(".attention.attention.key.", 1),
        piece(".attention.attention.value.", 2),
        piece(".attention.q_proj.", 0),
        piece(".attention.k_proj.", 1),
        piece(".attention.v_proj.", 2),
        whole(".attention.output.dense.", ".attn.proj."),
        whole(".attention.o_proj.", ".attn.proj."),
        whole(".layernorm_before.", ".norm1."),
        whole(".layernorm_after.", ".norm2."),
        whole(".intermediate.dense.", ".mlp.fc1."),
        // After the attention's own, which ends the same way.
        whole(".output.dense.", ".mlp.fc2."),
    ],
};

const fn piece(from: &'static str, index: usize) -> Inner {
    Inner { from, to: ".attn.qkv.", piece: Some((index, 3)) }
}

const fn whole(from: &'static str, to: &'static str) -> Inner {
    Inner { from, to, piece: None }
}
