// There for the sake of its target's precompiled headers.
int main() {}
