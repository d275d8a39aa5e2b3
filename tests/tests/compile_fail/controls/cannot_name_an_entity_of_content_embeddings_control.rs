// control: cannot_name_an_entity_of_content_embeddings

#![allow(unused_imports)]

use entity::content_embeddings::{
    ContentEmbedding, ContentEmbeddingPatch, ContentEmbeddings, NewContentEmbedding,
};

fn main() {}
