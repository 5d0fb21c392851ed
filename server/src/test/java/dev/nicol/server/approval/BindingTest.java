package dev.nicol.server.approval;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BindingTest {
    private static Binding parameters(String... values) {
        return Binding.of(Map.of(Binding.Part.PARAMETERS, List.of(values)));
    }

    @Test
    void otherValuesAreAnotherBinding() {
        assertThat(parameters("a", "b"))
                .isEqualTo(parameters("a", "b"))
                .isNotEqualTo(parameters("a, b"))
                .isNotEqualTo(parameters("ab", ""));
        // half of a surrogate pair, which UTF-8 has no bytes for
        assertThat(parameters("\uD800")).isNotEqualTo(parameters("?")).isNotEqualTo(parameters("\uDFFF"));
    }
}
