//! Textures of the views on screen, uploaded again only when what they show has changed.

use std::collections::HashMap;

use egui::{ColorImage, Context, TextureHandle, TextureId, TextureOptions};

/// Uploaded pictures by name.
#[derive(Default)]
pub struct Textures {
    held: HashMap<String, (u64, TextureHandle)>,
}

impl Textures {
    /// The texture of this name, made by `draw` if the one held has another key.
    /// `smooth` is for pictures that are scaled down; what is enlarged keeps its pixels.
    pub fn get(
        &mut self,
        ctx: &Context,
        name: &str,
        key: u64,
        smooth: bool,
        draw: impl FnOnce() -> ColorImage,
    ) -> TextureId {
        let options = if smooth { TextureOptions::LINEAR } else { TextureOptions::NEAREST };
        let key = key << 1 | u64::from(smooth);
        match self.held.get_mut(name) {
            Some((held, texture)) if *held == key => texture.id(),
            Some((held, texture)) => {
                *held = key;
                texture.set(draw(), options);
                texture.id()
            }
            None => {
                let texture = ctx.load_texture(name, draw(), options);
                let id = texture.id();
                self.held.insert(name.into(), (key, texture));
                id
            }
        }
    }
}
