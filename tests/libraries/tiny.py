"""Models of Hugging Face's libraries, made here: a few words, a few numbers, random weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

WORDS = "the a cat dog sat ran on mat fine day rain good bad hello world user : assistant question answer".split()
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CHAT = "{% for each in messages %}{{ each['role'] + ' : ' + each['content'] + ' ' }}{% endfor %}assistant :"


def tokenizer(*, framed: bool = True) -> Any:
    """One that knows a word by the spaces around it, and frames a text, as BERT's do."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = {word: number for number, word in enumerate([*_SPECIAL, *WORDS])}
    made = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if framed:
        made.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=32,
    )


def bert(kind: str = "BertModel", **told: Any) -> Any:
    """A BERT of two layers."""
    import torch
    import transformers

    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(WORDS) + len(_SPECIAL),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=40,
        **told,
    )
    return getattr(transformers, kind)(config).eval()


def llama() -> tuple[Any, Any]:
    """A language model, and a tokenizer that can tell a chat."""
    import torch
    import transformers

    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(WORDS) + len(_SPECIAL),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=64,
        pad_token_id=0,
        bos_token_id=2,
        eos_token_id=3,
    )
    words = tokenizer(framed=False)
    words.chat_template = CHAT
    return transformers.LlamaForCausalLM(config).eval(), words


def sentences(folder: Path) -> Any:
    """A sentence transformer: the BERT, and a mean over its words."""
    from sentence_transformers import SentenceTransformer

    try:
        from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    except ImportError:  # where they lie in early releases
        from sentence_transformers.models import Pooling, Transformer

    bert().save_pretrained(folder / "bert")
    tokenizer().save_pretrained(folder / "bert")
    return SentenceTransformer(modules=[Transformer(str(folder / "bert")), Pooling(16)], device="cpu")


def says(folder: Path, name: str) -> Any:
    """What a JSON file in ``folder`` says."""
    return json.loads((folder / name).read_text())


def diffusion(folder: Path) -> Any:
    """A pipeline that draws 8 × 8 pixels, and an adapter for it, in ``folder``."""
    import peft
    import torch
    import transformers
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from diffusers.utils import convert_state_dict_to_diffusers

    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=4,
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(4, 8),
        norm_num_groups=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=8,
        attention_head_dim=2,
    )
    vae = AutoencoderKL(
        block_out_channels=[4, 8],
        in_channels=3,
        out_channels=3,
        down_block_types=["DownEncoderBlock2D"] * 2,
        up_block_types=["UpDecoderBlock2D"] * 2,
        latent_channels=4,
        norm_num_groups=2,
    )
    words = tokenizer()
    config = transformers.CLIPTextConfig(
        vocab_size=len(WORDS) + len(_SPECIAL),
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=32,
        bos_token_id=2,
        eos_token_id=3,
        pad_token_id=0,
    )
    text = transformers.CLIPTextModel(config)
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=text,
        tokenizer=words,
        unet=unet,
        scheduler=DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder / "base")
    unet.add_adapter(peft.LoraConfig(r=2, target_modules=["to_q", "to_v"], init_lora_weights=False))
    layers = convert_state_dict_to_diffusers(peft.get_peft_model_state_dict(unet))
    StableDiffusionPipeline.save_lora_weights(str(folder / "adapter"), unet_lora_layers=layers)
    return folder
