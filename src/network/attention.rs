//! Multi-head self-attention, as `torch.nn.MultiheadAttention` computes it.

use tch::Tensor;

/// Self-attention of tokens `[batch, tokens, width]`. `project` is the weight `[3 · width, width]` and bias of query, key
/// and value, in this order; `out` is the weight `[width, width]` and bias of the output projection.
pub(super) fn attention(tokens: &Tensor, heads: i64, project: (&Tensor, &Tensor), out: (&Tensor, &Tensor)) -> Tensor {
    let (batch, count, width) = tokens.size3().expect("tokens have three dimensions");
    let projected = tokens.linear(project.0, Some(project.1));
    // [batch, tokens, 3 · width] -> [3, batch, heads, tokens, width / heads].
    let split = projected.reshape([batch, count, 3, heads, width / heads]).permute([2, 0, 3, 1, 4]);
    // One `unbind`, so that the backward pass joins the three gradients in one operation.
    let parts = split.unbind(0);
    let mixed = Tensor::scaled_dot_product_attention(
        &parts[0],
        &parts[1],
        &parts[2],
        None::<&Tensor>,
        0.0,
        false,
        None::<f64>,
        false,
    );
    mixed.transpose(1, 2).reshape([batch, count, width]).linear(out.0, Some(out.1))
}
